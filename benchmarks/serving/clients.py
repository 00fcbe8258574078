"""Clients on loopback: each one connection, that asks, reads the answer, and asks again."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Load:
    """What clients met: seconds until each answer, by its status; how long it all took, and how busy they were.

    `busy` is the share of one core that the clients themselves took, 0 to 1.
    """

    seconds: dict[int, list[float]] = field(default_factory=dict)
    took: float = 0.0
    busy: float = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count an answer; status 0 is a connection that was cut."""
        self.seconds.setdefault(status, []).append(seconds)

    @property
    def statuses(self) -> Counter[int]:
        """How many answers had which status."""
        return Counter({status: len(seconds) for status, seconds in sorted(self.seconds.items())})

    def rate(self) -> float:
        """Return the answers a second that had status 200."""
        return len(self.seconds.get(200, ())) / self.took

    def milliseconds(self, share: float, status: int = 200) -> float:
        """Return what a share of the answers of one status took at most."""
        ordered = sorted(self.seconds[status])
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(photo: bytes) -> bytes:
    """Return the bytes of a request with a photo."""
    head = (
        f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: {len(photo)}\r\n\r\n"
    )
    return head.encode() + photo


def form(photos: Sequence[bytes]) -> bytes:
    """Return the bytes of a request with a form of photos."""
    part = b'--edge\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n%s\r\n'
    body = b"".join(part % photo for photo in photos) + b"--edge--\r\n"
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Read one answer to its end; return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


def closed_loop(port: int, requests: Sequence[bytes], clients: int, go_on: Callable[[int], bool]) -> Load:
    """Ask with so many clients, each again when it was answered, as long as `go_on` says of the number of requests."""
    load = Load()
    asked = 0

    async def client() -> None:
        nonlocal asked
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while go_on(asked):
            asked += 1
            started = time.perf_counter()
            writer.write(requests[asked % len(requests)])
            load.add(await read_answer(reader), time.perf_counter() - started)
        writer.close()
        await writer.wait_closed()

    async def all_clients() -> None:
        await asyncio.gather(*(client() for _ in range(clients)))

    return _run(all_clients(), load)


def open_loop(port: int, requests: Sequence[bytes], rate: float, seconds: float, most: int) -> Load:
    """Ask so many times a second, whatever the answers take; of no more than `most` at once, the rest isn't sent."""
    load = Load()

    async def one(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], place: int) -> None:
        started = time.perf_counter()
        connection[1].write(requests[place % len(requests)])
        load.add(await read_answer(connection[0]), time.perf_counter() - started)
        free.append(connection)

    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def all_at_their_time() -> None:
        free.extend([await asyncio.open_connection("127.0.0.1", port) for _ in range(most)])
        tasks: set[asyncio.Task[None]] = set()
        started = time.perf_counter()
        for place in range(int(rate * seconds)):
            if (early := started + place / rate - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if free:
                task = asyncio.create_task(one(free.pop(), place))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        for _, writer in free:
            writer.close()
            await writer.wait_closed()

    return _run(all_at_their_time(), load)


def _run(clients: Coroutine[Any, Any, None], load: Load) -> Load:
    started, before = time.perf_counter(), time.process_time()
    asyncio.run(clients)
    load.took = time.perf_counter() - started
    load.busy = (time.process_time() - before) / load.took
    return load
