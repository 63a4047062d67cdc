"""The figures of the README, each beside its limit of the same run."""
