"""onnxruntime-web, which runs nets in a browser: one release, each of its files known by its SHA-256.

It is not in the package, which it would make four times as large. Whoever wants it takes it from npm, and
`install_runtime` keeps the two files that a page needs in the cache folder.
"""

import gzip
import hashlib
import tarfile
import zlib
from pathlib import Path
from typing import NamedTuple

from ..errors import EdgeCifarError
from ..files.atomic_write import cache_folder, replace_bytes

RELEASE = "1.30.0"
PACKED = f"onnxruntime-web-{RELEASE}.tgz"
"""What `npm pack` calls it."""

HOW_TO_INSTALL = f"run: npm pack onnxruntime-web@{RELEASE} && edge-cifar web --runtime {PACKED}"
LARGEST = 64_000_000  # bytes of a file, or of the package
MOST_UNPACKED = 512_000_000  # bytes of a package that are looked through


class _Part(NamedTuple):
    packed: str  # its name in the package
    sha256: str  # of what is packed there
    compressed: bool  # whether it is kept by gzip: 3.7 MB of 14.2


PARTS = {
    # As .js, which every web server knows for what it is.
    "ort.js": _Part(
        "package/dist/ort.wasm.bundle.min.mjs",
        "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
        compressed=False,
    ),
    "ort.wasm.gz": _Part(
        "package/dist/ort-wasm-simd-threaded.wasm",
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
        compressed=True,
    ),
}
"""What a page loads, by the name that it has there."""


def install_runtime(package: Path) -> Path:
    """Keep what a page needs of npm's package, and return the folder. Raises EdgeCifarError for any other file."""
    wanted = {part.packed: name for name, part in PARTS.items()}
    found: dict[str, bytes] = {}
    try:
        if package.stat().st_size > LARGEST:
            raise EdgeCifarError(_not_the_package(package, "too large"))
        with tarfile.open(package, "r|gz") as archive:
            for member in archive:
                if member.offset > MOST_UNPACKED or len(found) == len(wanted):
                    break
                if member.isreg() and member.name in wanted and (file := archive.extractfile(member)):
                    found[wanted[member.name]] = file.read(LARGEST)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise EdgeCifarError(_not_the_package(package, str(error))) from error
    except OSError as error:
        raise EdgeCifarError(f"{package}: {error.strerror or error}") from error
    for name, part in PARTS.items():
        if name not in found or _sha256(found[name]) != part.sha256:
            raise EdgeCifarError(_not_the_package(package, f"another {part.packed}, or none"))
    folder = _folder()
    for name, content in found.items():
        kept = gzip.compress(content, mtime=0) if PARTS[name].compressed else content
        replace_bytes(folder / name, kept)
    return folder


def runtime_files() -> dict[str, bytes]:
    """Return what a page loads by name, nothing if it is not installed. Raises EdgeCifarError if it was changed."""
    folder = _folder()
    try:
        files = {name: (folder / name).read_bytes() for name in PARTS}
    except OSError:
        return {}
    for name, part in PARTS.items():
        try:
            content = gzip.decompress(files[name]) if part.compressed else files[name]
        except (EOFError, zlib.error, OSError):
            content = b""
        if _sha256(content) != part.sha256:
            raise EdgeCifarError(f"{folder / name}: damaged; {HOW_TO_INSTALL}")
    return files


def needed_runtime() -> dict[str, bytes]:
    """Return what `runtime_files` does. Raises EdgeCifarError if it is not installed, too."""
    files = runtime_files()
    if not files:
        raise EdgeCifarError(f"onnxruntime-web, which runs nets in a browser, is not installed; {HOW_TO_INSTALL}")
    return files


def _folder() -> Path:
    return cache_folder() / f"onnxruntime-web-{RELEASE}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _not_the_package(package: Path, why: str) -> str:
    return f"{package}: not npm's {PACKED} ({why}); {HOW_TO_INSTALL}"
