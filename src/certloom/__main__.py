"""Entry point of ``certloom`` and ``python -m certloom``."""

import sys

from certloom.cli.program import run

__all__ = ["main"]


def main() -> None:
    """Run the command line and end with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
