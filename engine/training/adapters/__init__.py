"""What a person's own words add to a finished model."""
