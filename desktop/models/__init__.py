"""The dialog of the models: what there is, and all that can be done with them."""
