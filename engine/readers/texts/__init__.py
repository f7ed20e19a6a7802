"""Text: decoded, cleaned, titled, told its language, split into passages."""
