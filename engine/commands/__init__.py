"""The larger ones of the commands of `engine.cli`, a module each."""
