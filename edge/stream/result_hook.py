"""A command that is run for each result."""

import shlex
import shutil
import subprocess

from ..errors import EdgeCifarError

PATIENCE = 60  # seconds that it may take


class Hook:
    """A command that gets a line on stdin each time it is run, without a shell; what it prints goes to stderr."""

    def __init__(self, command: str):
        """Split `command` into words as a shell would. Raises EdgeCifarError when there is no such program."""
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise EdgeCifarError(f"--exec {command}: {error}; close the quotes") from error
        if not self._words or not shutil.which(self._words[0]):
            raise EdgeCifarError(f"--exec {command}: no such program; name one that can be run")

    def __call__(self, line: str) -> None:
        """Run it. Raises EdgeCifarError when it fails or takes longer than `PATIENCE`, after which it is killed."""
        try:
            done = subprocess.run(self._words, input=f"{line}\n".encode(), stdout=2, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired as error:
            raise EdgeCifarError(f"--exec {self._words[0]}: took longer than {PATIENCE} s and was ended") from error
        except OSError as error:
            raise EdgeCifarError(f"--exec {self._words[0]}: {error.strerror or error}") from error
        if done.returncode:
            raise EdgeCifarError(f"--exec {self._words[0]}: ended with {done.returncode}")
