"""Videos: their frames, the moments worth keeping, and what their containers say."""
