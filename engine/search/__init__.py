"""The order of searching: parse, retrieve, fuse, explain."""
