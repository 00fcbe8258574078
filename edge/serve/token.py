"""The token that requests must carry when others than this machine's own programs can reach the server."""

import os
import secrets
from pathlib import Path

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from ..errors import EdgeCifarError

VARIABLE = "EDGE_CIFAR_TOKEN"
SHORTEST = 16  # characters
MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"

_BEARER = HTTPBearer(auto_error=False, description="The server's token.")


def read_token(path: Path | None) -> str | None:
    """Return the token in the first line of a file, else in the environment, None if there is neither.

    It is never an argument: those of all processes can be seen by everyone on the machine. Raises EdgeCifarError for
    a token that could be guessed, or that no header can carry.
    """
    if path is None:
        where, text = f"${VARIABLE}", os.environ.get(VARIABLE, "")
        if not text:
            return None
    else:
        where = str(path)
        try:
            text = path.read_text(encoding="utf-8").partition("\n")[0]
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise EdgeCifarError(
                f"{path}: no file with a token ({getattr(error, 'strerror', None) or error}); write one: {MAKE_ONE}"
            ) from error
    text = text.strip()
    if len(text) < SHORTEST or not text.isascii() or not text.isprintable() or " " in text:
        raise EdgeCifarError(
            f"{where}: a token has {SHORTEST} or more characters of ASCII and no space; make one: {MAKE_ONE}"
        )
    return text


class Token:
    """What requests must carry as `Authorization: Bearer TOKEN`; compared in the same time whatever they carry."""

    def __init__(self, token: str):
        """Ask for `token`."""
        self._expected = token.encode()

    def check(self, authorization: bytes) -> None:
        """Raise HTTPException (401) unless a header of that name carries the token."""
        scheme, _, given = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not secrets.compare_digest(given.strip(), self._expected):
            raise HTTPException(
                401, "no token, or not the server's; send Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"}
            )

    async def depend(self, request: Request, _: object = Depends(_BEARER)) -> None:
        """Check a request of one of FastAPI's routes, whose description then has it."""
        self.check(request.headers.get("authorization", "").encode("latin-1"))
