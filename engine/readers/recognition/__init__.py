"""Text in pictures: recognised, and put into reading order."""
