"""What turns captioned photos into a model, and tells how good a model is."""
