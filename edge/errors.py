"""The one family of errors that the library raises; only the command line prints them and exits."""


class EdgeCifarError(Exception):
    """Something a user can put right. Its text names the file and the fix, in one line."""

    def __str__(self) -> str:
        return printable(super().__str__())


class PhotoError(EdgeCifarError):
    """A photo can't be read."""


class ModelError(EdgeCifarError):
    """A model file can't be used."""


class DataError(EdgeCifarError):
    """A dataset can't be used."""


class RunError(EdgeCifarError):
    """A run folder can't be read or written, or a run can't be started as asked."""


def printable(text: str) -> str:
    """Return `text` as one line that any terminal can show: line breaks, controls and broken UTF-8 are escaped."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
