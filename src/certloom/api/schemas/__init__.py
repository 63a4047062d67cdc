"""Wire shapes: one file per controller, PascalCase on the wire."""
