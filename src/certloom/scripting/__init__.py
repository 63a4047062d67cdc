"""Scripts of workflow steps."""
