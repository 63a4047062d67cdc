"""The step types: one file each, declaring name, parameters, signals, outputs and behaviour."""
