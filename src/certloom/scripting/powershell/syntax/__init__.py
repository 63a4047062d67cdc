"""The typed syntax tree: frozen records with their place in the text, free of any grammar library."""
