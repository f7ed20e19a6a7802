"""The networks that are trained, and the vocabulary that one of them reads."""
