"""What Keepsight remembers: SQLite holds the truth, usearch files are a rebuildable cache of it."""
