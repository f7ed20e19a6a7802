"""Finds how a model runs fastest on this computer, and makes the graphs for it."""
