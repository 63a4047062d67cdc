"""What starts a workflow: one file per type, declaring its key, title and data."""
