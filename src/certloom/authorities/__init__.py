"""Certificate authorities: one folder or file per kind."""
