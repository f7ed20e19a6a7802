"""What becomes of a run: its files, its figures, its card."""
