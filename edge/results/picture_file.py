"""Pictures drawn of photos: written so that no photo is ever lost to its own picture."""

import errno
import io
import os
import re
from functools import partial
from pathlib import Path, PurePath

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..errors import EdgeCifarError, PhotoError
from ..files.atomic_write import ForeignFileError, write_bytes
from ..photos.contract import Photo, photo_name
from .resume_index import name_hash

NOTE = "drawn of photo "
NOTED = re.compile(NOTE.encode() + rb"[0-9a-f]{16}")
HEAD = 1024  # bytes of a picture in which the note lies: it comes before the pixels
FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})  # no other picture could be written either


def write_drawn(photo: Photo, image: Image.Image, path: Path, *, replace_others: bool = True) -> None:
    """Write a picture of `photo` to `path`, as JPEG if that is called so and else as PNG.

    It is written as `write_bytes` does, but not brought to the disk at once. Each picture notes which photo it is of:
    those of photos with other names are replaced only if `replace_others`. Raises PhotoError when it can't be written,
    above all where `photo` itself lies, and EdgeCifarError when the disk can take no more.
    """
    name, buffer = photo_name(photo), io.BytesIO()
    note = f"{NOTE}{name_hash(str(PurePath(name))):016x}"
    if isinstance(photo, str | os.PathLike) and os.path.exists(path) and os.path.samefile(photo, path):  # noqa: PTH110, PTH121
        raise PhotoError(f"{name}: not drawn, since the picture would replace the photo; name another place")
    try:
        if path.suffix.lower() in (".jpg", ".jpeg"):
            image.save(buffer, "JPEG", quality=90, comment=note)
        else:
            text = PngInfo()
            text.add_text("Comment", note)
            image.save(buffer, "PNG", pnginfo=text)
    except (OSError, ValueError) as error:  # of JPEG: more than 65,535 pixels wide or high
        raise PhotoError(f"{name}: not drawn, since {path.name} can't hold {image.width} x {image.height}") from error
    try:
        write_bytes(
            path, buffer.getvalue(), durable=False, check=None if replace_others else partial(_check_photo, note)
        )
    except EdgeCifarError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in FATAL:
            raise
        raise PhotoError(f"{error} ({name} is not drawn)") from error


def _check_photo(note: str, path: Path) -> None:
    """Raise ForeignFileError if the picture at `path` is of another photo than the one that `note` tells."""
    try:
        with path.open("rb") as file:
            found = NOTED.search(file.read(HEAD))
    except FileNotFoundError:
        return
    if found and found[0] != note.encode():
        raise ForeignFileError(f"{path}: holds the picture of another photo, so it is kept; name another folder")


def check_folder(folder: Path) -> None:
    """Make the folder that pictures go to. Raises EdgeCifarError if that or writing in it fails: better known early."""
    trial = folder / f".edge-cifar-{os.urandom(4).hex()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise EdgeCifarError(f"cannot write in {folder}: {error.strerror or error}; name another folder") from error
