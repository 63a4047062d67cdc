"""The Keyfactor-compatible HTTP surface: one controller per resource."""
