"""The only door outwards."""
