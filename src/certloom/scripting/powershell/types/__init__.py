"""The .NET types that scripts may name, one file per type: what is not written out here does not exist."""
