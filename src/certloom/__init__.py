"""Certificate workflows: a request goes through the steps of a definition until an authority acts."""

from importlib.metadata import version

__version__ = version("certloom")
