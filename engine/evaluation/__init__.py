"""Tells how good a model is: what is asked, through the encoder or the library, and the report."""
