"""How a command ends: what a user can put right becomes one line on stderr and an exit status, not a traceback."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from ..errors import EdgeCifarError, printable

INTERRUPTED = 130  # exit status of a program ended by Ctrl-C: 128 + SIGINT
TERMINATED = 143  # by SIGTERM: 128 + SIGTERM
HUNG_UP = 129  # by SIGHUP: 128 + SIGHUP


@contextmanager
def reporting(command: str) -> Iterator[None]:
    """Run a command, as a context or as a decorator, and exit 1 with one line when it fails, 130 on Ctrl-C."""
    program = f"edge-cifar {command}".rstrip()
    try:
        yield
    except EdgeCifarError as error:
        sys.exit(f"{program}: {error}")
    except KeyboardInterrupt:
        _interrupted(program)
    except ImportError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while onnxruntime is loaded
            _interrupted(program)
        raise
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        _drop_unwritten()
        sys.exit(0)
    except MemoryError:
        sys.exit(f"{program}: not enough memory")
    except OSError as error:
        _drop_unwritten()
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(printable(f"{program}: {where}{error.strerror or error}"))


@contextmanager
def ending_on_sigterm(status: int = TERMINATED) -> Iterator[None]:
    """Within it, SIGTERM ends the command in order, as Ctrl-C does, with exit `status`.

    So does the end of its terminal, or of the connection to it (SIGHUP), unless `nohup` told it to go on.
    """

    def end(number: int, _: object) -> NoReturn:
        sys.exit(status if number == signal.SIGTERM else HUNG_UP)

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, end)}
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupted(program: str) -> NoReturn:
    sys.stderr.write(f"{program}: interrupted\n")
    sys.exit(INTERRUPTED)


def _drop_unwritten() -> None:
    """Forget what stdout can't take: Python 3.14 keeps it, tries again when it ends, and exits 120."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
