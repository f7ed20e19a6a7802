"""What files say: one module for each family of formats, run in isolated processes."""
