"""What is learnt from: captioned and labelled photos, texts, and the steps cut from them."""
