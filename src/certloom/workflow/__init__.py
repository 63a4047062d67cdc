"""The engine, pure: what a workflow is and what happens next."""
