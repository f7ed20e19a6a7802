"""The models that can be had: which suit, how they come here, what is kept of them."""
