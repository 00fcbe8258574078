"""The page: its files, what it needs to run nets in a browser, and all of it as a site of files."""

__all__ = ["runtime", "site"]
