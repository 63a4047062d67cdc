"""From the tree to closures: each node is compiled once, and running it walks no tree."""
