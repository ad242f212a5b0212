"""POSTs at a steady rate, whatever the answers take: `python -m bench.ground.load URL --rate N`.

They come on stdin, each a line of JSON (`Post`); what came of them goes to stdout as one JSON document.
A POST is timed from the instant it was due, so a server that falls behind can not hide it. With
`--rate 0` each connection sends its next one as soon as it is answered.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

HEAD = "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench\r\n{more}\r\n"
FORM = "application/x-www-form-urlencoded"
Due = tuple[float, bytes] | None


def post(path: str, body: str, **headers: str) -> str:
    """A line for stdin: one POST of a form; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return json.dumps([path, body, {"Content-Type": FORM, **named}])


def run_load(base: str, posts: Iterable[str], rate: float) -> dict[str, Any]:
    """The load as a process of its own, with what came of it."""
    command = [sys.executable, "-m", "bench.ground.load", base, "--rate", str(rate)]
    lines = "\n".join(posts).encode()
    done = subprocess.run(command, input=lines, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Load:
    """Connections that stay open, and what they were answered."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.answers: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def connection(self, due: "asyncio.Queue[Due]") -> None:
        """POST what is due until there is no more; a broken connection is opened anew."""
        reader = writer = None
        loop = asyncio.get_running_loop()
        while (one := await due.get()) is not None:
            at, request = one
            at = at or loop.time()
            try:
                if writer is None or reader is None:
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                _, named, rest = head.lower().partition(b"content-length: ")
                await reader.readexactly(int(rest.partition(b"\r\n")[0]) if named else 0)
                self.answers[head[9:12].decode()] += 1
            except (OSError, asyncio.IncompleteReadError) as error:
                self.answers[type(error).__name__] += 1
                reader = writer = None
            self.seconds.append(loop.time() - at)
        if writer is not None:
            writer.close()


async def run(base: str, posts: list[bytes], rate: float, connections: int) -> dict[str, object]:
    """Send the posts in turn, `rate` a second; answers by status, and percentiles."""
    parts = urlsplit(base)
    load = Load(parts.hostname or "", parts.port or 80)
    due: asyncio.Queue[Due] = asyncio.Queue()
    those = [asyncio.create_task(load.connection(due)) for _ in range(connections)]
    loop = asyncio.get_running_loop()
    begin = loop.time() + (0.1 if rate else 0.0)
    for place, one in enumerate(posts):
        at = begin + place / rate if rate else 0.0
        if at > loop.time():
            await asyncio.sleep(at - loop.time())
        due.put_nowait((at, one))
    for _ in those:
        due.put_nowait(None)
    await asyncio.gather(*those)
    took = sorted(load.seconds)
    percentiles = {f"p{p}": took[min(len(took) * p // 100, len(took) - 1)] for p in (50, 95, 99)}
    return {"answers": load.answers, "seconds": loop.time() - begin, "max": took[-1],
            "cpu_seconds": time.process_time(), **percentiles}  # fmt: skip


def written(line: str, host: str) -> bytes:
    """The whole request of a line."""
    path, body, headers = json.loads(line)
    said = body.encode()
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    more += f"Content-Length: {len(said)}\r\n"
    return HEAD.format(path=path, host=host, more=more).encode() + said


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--connections", type=int, default=200)
    options = parser.parse_args()
    host = urlsplit(options.base).netloc
    posts = [written(line, host) for line in sys.stdin.read().splitlines()]
    json.dump(asyncio.run(run(options.base, posts, options.rate, options.connections)), sys.stdout)
