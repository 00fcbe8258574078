"""Bytes from the network."""

import sys
import tempfile
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

import torch.hub

NETWORK_ERRORS = (OSError, HTTPException)


def fetch(url: str, folder: Path) -> bytes:
    """Return what is at `url`, by way of a temporary file in `folder`, which is made; with progress on a terminal.

    Raises NETWORK_ERRORS.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        path = Path(temporary) / "file"
        try:
            torch.hub.download_url_to_file(url, str(path), progress=sys.stderr.isatty())
        except HTTPError as error:
            error.close()  # it is the server's answer as well, an open file
            raise
        return path.read_bytes()
