"""The engine: everything Keepsight does that is not a window. Never imports Qt."""
