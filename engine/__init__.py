"""postroom: sorts the mail of a service desk by rules kept in git."""

__version__ = "0.1.0"
