"""One-click POSTs at a steady rate, whatever the answers take: `python -m bench.optout.load`.

The links come on stdin, one a line; what came of them goes to stdout as one JSON document. A POST is
timed from the instant it was due, so a server that falls behind can not hide it.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

BODY = b"List-Unsubscribe=One-Click"
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: bench\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
)
Due = tuple[float, bytes] | None


class Load:
    """Connections that stay open, and what they were answered."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.answers: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def connection(self, due: "asyncio.Queue[Due]") -> None:
        """POST what is due until there is no more; a broken connection is opened anew."""
        reader = writer = None
        while (one := await due.get()) is not None:
            at, request = one
            try:
                if writer is None or reader is None:
                    reader, writer = await asyncio.open_connection(self.host, self.port)
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                self.answers[head[9:12].decode()] += 1
            except (OSError, asyncio.IncompleteReadError) as error:
                self.answers[type(error).__name__] += 1
                reader = writer = None
            self.seconds.append(asyncio.get_running_loop().time() - at)
        if writer is not None:
            writer.close()


async def run(links: list[str], rate: float, connections: int) -> dict[str, object]:
    """POST to each link in turn, `rate` a second; answers by status, and percentiles."""
    parts = urlsplit(links[0])
    load = Load(parts.hostname or "", parts.port or 80)
    due: asyncio.Queue[Due] = asyncio.Queue()
    those = [asyncio.create_task(load.connection(due)) for _ in range(connections)]
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.1
    for place, link in enumerate(links):
        at = begin + place / rate
        if at > loop.time():
            await asyncio.sleep(at - loop.time())
        head = HEAD.format(path=urlsplit(link).path, host=parts.netloc, length=len(BODY))
        due.put_nowait((at, head.encode() + BODY))
    for _ in those:
        due.put_nowait(None)
    await asyncio.gather(*those)
    took = sorted(load.seconds)
    percentiles = {f"p{p}": took[min(len(took) * p // 100, len(took) - 1)] for p in (50, 95, 99)}
    return {"answers": load.answers, "seconds": loop.time() - begin, "max": took[-1],
            "cpu_seconds": time.process_time(), **percentiles}  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--connections", type=int, default=200)
    options = parser.parse_args()
    found = asyncio.run(run(sys.stdin.read().split(), options.rate, options.connections))
    json.dump(found, sys.stdout)
