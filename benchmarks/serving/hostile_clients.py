"""`python -m edge_cifar.benchmarks.serving.hostile_clients`: what clients can do to harm, in large numbers.

While they do, a client that does nothing wrong asks and must be answered rightly. In the end the server must have let
go of all connections and logged no fault of its own. Exits 1 when any of that does not hold.
"""

import asyncio
import itertools
import json
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ...edge.cli.exit_status import reporting
from ...edge.inference.classifier import Classifier
from ...edge.machine.cores import usable_cores
from ..robustness.hostile_files import hostile_files, sound
from .clients import read_answer, request
from .server_process import ServerProcess, server_process

AT_ONCE = 100  # connections of an attacker
PATIENCE = 30.0  # seconds until a connection that is neither answered nor cut is a fault
BODY_SECONDS = 3  # that the server waits for a body
HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTHS = (
    b"Content-Length: 99",
    b"Content-Length: 3",
    b"Content-Length: -5",
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: 9\r\nTransfer-Encoding: chunked",
)
PATHS = (
    "/../etc/passwd",
    "/static/../app.py",
    "/static/%2e%2e%2fapp.py",
    "/static//etc/passwd",
    "/%00",
    "/models/..%2fx",
)

Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Coroutine[Any, Any, None]]
"""Does something over a connection; the number tells it from others of its kind. May find it cut."""


async def half_upload(_: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    """Announce much and send little, then wait; every second goes away."""
    writer.write(HEAD + b"Content-Length: 9000000\r\n\r\n" + b"\xff\xd8\xff" * 1000)
    await writer.drain()
    if number % 2:
        writer.transport.abort()


async def slow_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    """Send a head byte by byte, for ever (Slowloris)."""
    for letter in itertools.chain(HEAD, itertools.cycle(b"a: b\r\n")):
        writer.write(bytes([letter]))
        await writer.drain()
        await asyncio.sleep(0.2 + number % 7 / 10)


async def endless_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    """Send headers that don't end."""
    writer.write(HEAD)
    for _again in range(10_000):
        writer.write(b"a%d: b\r\n" % number * 100)
        await writer.drain()


async def chunk_bomb(_: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    """Send a body without length that doesn't end, in chunks of a byte or of a megabyte."""
    writer.write(CHUNKED)
    piece = b"1\r\nx\r\n" * 10_000 if number % 2 else b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    for _again in range(100):
        writer.write(piece)
        await writer.drain()


async def wrong_length(_: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    """Send less than announced and end, or more, or lengths that are none, or two."""
    writer.write(HEAD + LENGTHS[number % len(LENGTHS)] + b"\r\n\r\n" + b"abcdefgh")
    await writer.drain()
    writer.write_eof()


async def odd_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
    """Ask for paths that lead elsewhere, with headers that would become others."""
    path = PATHS[number % len(PATHS)].encode()
    writer.write(b"GET %s HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: a%%0d%%0aSet-Cookie: x\r\n" % path)
    writer.write(b"Connection: close\r\n\r\n")
    await writer.drain()


ATTACKS: tuple[tuple[str, Attack, float], ...] = (
    ("half uploads", half_upload, 1.0),
    ("slow heads", slow_head, 0.02),
    ("endless heads", endless_head, 0.02),
    ("chunked bombs", chunk_bomb, 0.02),
    ("wrong lengths", wrong_length, 0.2),
    ("odd heads", odd_head, 0.2),
)
"""Attacks, and how often each, as a share of what is asked for: some take seconds each."""


def hostile_clients(
    connections: Annotated[int, typer.Option(help="Connections of the largest attack.", min=50)] = 10_000,
    photos: Annotated[int, typer.Option(help="Hostile photos.", min=1)] = 2_000,
    seed: Annotated[int, typer.Option(help="Of the photos' random damage.")] = 0,
) -> None:
    """Attack a server, and say what came of it."""
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        arguments = ["nano", "--timeout", str(BODY_SECONDS)]
        with server_process(arguments, range(usable_cores()), log) as server:
            asyncio.run(_attack_all(server, connections, photos, seed, faults))
            time.sleep(BODY_SECONDS)
            open_files = server.open_files()
            typer.echo(f"in the end {open_files} files are open, memory is {server.resident_bytes() / 1e6:.0f} MB")
            if open_files > 40:
                faults.append(f"{open_files} files are still open")
        faults += [line for line in log.read_text().splitlines() if "traceback" in json.loads(line)][:10]
    for fault in faults:
        typer.echo(f"fault: {fault}")
    typer.echo(f"{len(faults)} faults")
    if faults:
        raise typer.Exit(1)


async def _attack_all(server: ServerProcess, connections: int, photos: int, seed: int, faults: list[str]) -> None:
    for name, attack, share in ATTACKS:
        count = max(1, int(connections * share))
        await _beside_a_good_client(server, name, _many(_ended(server, attack, i) for i in range(count)), faults)
    sent = (_answered(server, content) for _, content in itertools.islice(hostile_files(seed), photos))
    await _beside_a_good_client(server, "hostile photos", _many(sent), faults)


async def _beside_a_good_client(
    server: ServerProcess, name: str, attack: Awaitable[Counter[str]], faults: list[str]
) -> None:
    """Print what came of an attack, and of a client that did nothing wrong meanwhile."""
    photo = next(content for _, content in sound())
    expected = Classifier("nano").predict(photo).to_dict()
    asked: Counter[str] = Counter()
    slowest, started = 0.0, time.perf_counter()

    async def ask() -> None:
        nonlocal slowest
        while True:
            before = time.perf_counter()
            try:
                async with asyncio.timeout(PATIENCE), _connected(server) as (reader, writer):
                    writer.write(request(photo))
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                    body = await reader.readexactly(length)
                outcome = head.split(b" ", 2)[1].decode()
                if outcome == "200" and not expected.items() <= json.loads(body).items():
                    faults.append(f"{name}: a wrong answer: {body!r}")
            except (OSError, EOFError, TimeoutError) as error:
                outcome = type(error).__name__
            asked[outcome] += 1
            slowest = max(slowest, time.perf_counter() - before)
            await asyncio.sleep(0.01)

    client = asyncio.create_task(ask())
    outcomes = await attack
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)
    typer.echo(
        f"{name}: {dict(outcomes)} in {time.perf_counter() - started:.0f} s; "
        f"the good client: {dict(asked)}, slowest {slowest:.2f} s"
    )
    if outcomes["neither answered nor cut"]:
        faults.append(f"{name}: {outcomes['neither answered nor cut']} were neither answered nor cut")
    if set(asked) - {"200", "429", "503"}:
        faults.append(f"{name}: the good client met {dict(asked)}")


async def _many(work: Iterable[Awaitable[str]]) -> Counter[str]:
    """Do all, some at once; count the outcomes."""
    outcomes: Counter[str] = Counter()
    rest = iter(work)

    async def worker() -> None:
        for one in rest:
            outcomes[await one] += 1

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return outcomes


@asynccontextmanager
async def _connected(server: ServerProcess) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Give a connection, and cut it in the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _ended(server: ServerProcess, attack: Attack, number: int) -> str:
    """Attack over a connection; return the status of the first answer, or how it ended."""
    try:
        async with asyncio.timeout(PATIENCE), _connected(server) as (reader, writer):
            doing = asyncio.create_task(attack(reader, writer, number))
            try:
                answer = await reader.read(1 << 16)
            finally:
                doing.cancel()
                await asyncio.gather(doing, return_exceptions=True)
    except TimeoutError:
        return "neither answered nor cut"
    except OSError:
        return "cut"
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/1.1 ") else "cut"


async def _answered(server: ServerProcess, photo: bytes) -> str:
    """Send a photo; return the status of its answer."""
    try:
        async with asyncio.timeout(PATIENCE), _connected(server) as (reader, writer):
            writer.write(request(photo))
            status = await read_answer(reader)
    except TimeoutError:
        return "neither answered nor cut"
    except (OSError, EOFError):
        return "cut"
    return str(status)


if __name__ == "__main__":
    typer.run(reporting("hostile-clients")(hostile_clients))
