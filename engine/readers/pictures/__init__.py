"""Decoded pictures: opened within limits, upright, in sRGB, fitted to what an encoder wants."""
