"""The verbs: everything anybody can do, one function each, with its checks inside."""
