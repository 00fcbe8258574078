"""What a search of folders leaves out, counted by kind, so that nobody takes it for classified or learned."""

from collections import Counter

from .suffixes import NOT_READ, suffix

SYSTEM_FOLDERS = frozenset(
    {
        *("__macosx", "lost+found"),
        *("$recycle.bin", "recycler", "system volume information"),  # Windows, which writes them in several ways
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot"),  # network disks
    }
)
"""Folders, in lower case, that archivers, disks and Windows lay beside photos: thumbnails, forks, waste, no photos."""

LINK = "link to a folder"
HIDDEN = "hidden"


def is_searched(folder: str) -> bool:
    """Return whether a folder of this name is searched: it is neither hidden nor the system's own."""
    return folder[0] != "." and folder.lower() not in SYSTEM_FOLDERS


def photo_kind(name: str) -> str | None:
    """Return the kind of a photo that can't be read ("HEIC", "raw"), by its file's name; None for all other files."""
    return None if name[0] == "." else NOT_READ.get(suffix(name))


def file_kind(name: str) -> str:
    """Return what a file that is left out is counted as: "HEIC", "raw", "hidden", ".txt", "without suffix"."""
    return photo_kind(name) or (HIDDEN if name[0] == "." else suffix(name) or "without suffix")


class LeftOut(Counter[str]):
    """How many were left out, by kind."""

    def __str__(self) -> str:
        """Return "3 HEIC, 2 raw, 1 link to a folder", the most frequent first."""
        return ", ".join(
            f"{count:,} {'links to folders' if kind == LINK and count > 1 else kind}"
            for kind, count in self.most_common()
        )
