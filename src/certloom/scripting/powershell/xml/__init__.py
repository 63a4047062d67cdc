"""XML documents of scripts: nodes, reading without DTD, writing, and a subset of XPath 1.0."""
