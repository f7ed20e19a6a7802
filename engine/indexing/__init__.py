"""The order of indexing: sweep folders, read what waits, embed what was read, keep count."""
