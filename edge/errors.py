"""The one family of errors that the library raises; only the command line prints them and exits."""


class EdgeCifarError(Exception):
    """Something a user can put right. Its text names the file and the fix, in one line."""


class PhotoError(EdgeCifarError):
    """A photo can't be read."""


class ModelError(EdgeCifarError):
    """A model file can't be used."""


class DataError(EdgeCifarError):
    """A dataset can't be used."""


class RunError(EdgeCifarError):
    """A run folder can't be read or written, or a run can't be started as asked."""
