"""The HTTP door to the todos."""
