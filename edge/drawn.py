"""Pictures drawn of photos: written so that no photo is ever lost to its own picture."""

import errno
import io
import os
from pathlib import Path

from PIL import Image

from .errors import EdgeCifarError, PhotoError
from .files import write_bytes
from .photo import Photo, photo_name

FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})  # no other picture could be written either


def write_drawn(photo: Photo, image: Image.Image, path: Path) -> None:
    """Write a picture of `photo` to `path`, as JPEG if that is called so and else as PNG.

    It is written as `write_bytes` does, but not brought to the disk at once. Raises PhotoError when it can't be, above
    all where `photo` itself lies, and EdgeCifarError when the disk can take no more.
    """
    name, buffer = photo_name(photo), io.BytesIO()
    if isinstance(photo, str | os.PathLike) and os.path.exists(path) and os.path.samefile(photo, path):  # noqa: PTH110, PTH121
        raise PhotoError(f"{name}: not drawn, since the picture would replace the photo; name another place")
    try:
        image.save(buffer, "JPEG" if path.suffix.lower() in (".jpg", ".jpeg") else "PNG", quality=90)
    except (OSError, ValueError) as error:  # of JPEG: more than 65,535 pixels wide or high
        raise PhotoError(f"{name}: not drawn, since {path.name} can't hold {image.width} x {image.height}") from error
    try:
        write_bytes(path, buffer.getvalue(), durable=False)
    except EdgeCifarError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in FATAL:
            raise
        raise PhotoError(f"{error} ({name} is not drawn)") from error


def check_folder(folder: Path) -> None:
    """Make the folder that pictures go to. Raises EdgeCifarError if that or writing in it fails: better known early."""
    trial = folder / f".edge-cifar-{os.urandom(4).hex()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise EdgeCifarError(f"cannot write in {folder}: {error.strerror or error}; name another folder") from error
