"""The models of a library: which are there, which answers, which is prepared, what is kept."""
