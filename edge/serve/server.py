"""The server: a port taken before anything is loaded, TLS checked, and an end that answers what is in work."""

import ipaddress
import os
import signal
import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ..errors import EdgeCifarError
from .connection import Connection

BACKLOG = 1024  # connections that the kernel holds until they are accepted, as while models are opened


def open_port(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the first address of `host`. Raises EdgeCifarError where it can't be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with ExitStack() as stack:
            # With its protocol: asyncio switches Nagle's algorithm off for TCP alone, and an answer would wait 40 ms.
            opened = stack.enter_context(socket.socket(family, kind, protocol))
            if os.name == "posix":  # Windows would let two servers have one port
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(BACKLOG)
            stack.pop_all()
    except (OSError, UnicodeError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise EdgeCifarError(f"{host} port {port}: {why}; choose another --port or --host") from error
    return opened


def is_local(opened: socket.socket) -> bool:
    """Return whether only programs on this machine can reach a socket."""
    return ipaddress.ip_address(opened.getsockname()[0].partition("%")[0]).is_loopback


def check_certificate(certificate: Path, key: Path) -> None:
    """Raise EdgeCifarError unless the two files belong together and need no password."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except ssl.SSLError as error:
        raise EdgeCifarError(
            f"{certificate}, {key}: not a certificate and its key, both as PEM and without a password ({error.reason})"
        ) from error
    except OSError as error:
        raise EdgeCifarError(f"{certificate}, {key}: {error.strerror or error}") from error


def url(opened: socket.socket, tls: bool) -> str:
    """Return the address that a socket is reached by."""
    host, port = opened.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"


def make_server(app: ASGIApp, tls: tuple[Path, Path] | None, seconds: float) -> uvicorn.Server:
    """Return a server of `app`, which in the end answers what is in work for no longer than `seconds`."""
    certificate, key = tls or (None, None)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=int(seconds) + 1,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
    )


def run(server: uvicorn.Server, opened: socket.socket) -> None:
    """Serve on a socket until SIGTERM, SIGINT or SIGHUP; of `nohup` the last means nothing."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, server.handle_exit)
    server.run([opened])
