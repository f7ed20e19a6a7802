"""Models: what turns pictures and words into embeddings that can be compared."""
