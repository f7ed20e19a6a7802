"""The results: sections of tiles, drawn as far as they are seen."""
