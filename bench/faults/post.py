"""A mail server in a process of its own: `python -m bench.faults.post PORT RECORD [options]`.

It takes a message at its final dot, writes down that it did, waits, and only then answers: who is
killed in between never hears of it. Each line of RECORD is a message that began (`MAIL instant
recipient`), one that was taken (`DOT instant recipient Message-ID`), or one that was taken and
never answered (`DROP instant recipient`); instants are those of CLOCK_MONOTONIC, which all
processes of a machine share.
"""

import argparse
import asyncio
import os
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
END = b"\r\n.\r\n"
MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Manners:
    """How the server answers a dot: after so many seconds; or, to a share, by hanging up."""

    least_seconds: float
    most_seconds: float
    drop: float


class Post:
    """The server."""

    def __init__(self, record: Path, manners: Manners, seed: int) -> None:
        self._record = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._manners = manners
        self._chance = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it is closed by either side."""
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # a sender that was killed
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 post ESMTP\r\n")
        began_at, recipient = 0.0, ""
        while line := await reader.readline():
            verb, _, argument = line.strip().partition(b" ")
            match verb.upper():
                case b"EHLO":
                    writer.write(b"250-post\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                case b"MAIL":
                    began_at = time.monotonic()
                    writer.write(b"250 2.1.0 Ok\r\n")
                case b"RCPT":
                    recipient = argument.partition(b"<")[2].partition(b">")[0].decode()
                    self._note(f"MAIL {began_at} {recipient}")
                    writer.write(b"250 2.1.5 Ok\r\n")
                case b"DATA":
                    writer.write(b"354 go on\r\n")
                    if not await self._take(reader, writer, recipient):
                        return
                case b"QUIT":
                    writer.write(b"221 2.0.0 Bye\r\n")
                    return
                case _:
                    writer.write(b"250 2.0.0 Ok\r\n")

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str
    ) -> bool:
        """Take one message; whether the conversation goes on."""
        content = await reader.readuntil(END)
        found = MESSAGE_ID.search(content)
        message_id = found[1].decode() if found else "none"
        self._note(f"DOT {time.monotonic()} {recipient} {message_id}")
        manners, chance = self._manners, self._chance
        await asyncio.sleep(chance.uniform(manners.least_seconds, manners.most_seconds))
        if chance.random() < manners.drop:
            self._note(f"DROP {time.monotonic()} {recipient}")
            return False
        writer.write(b"250 2.0.0 Ok\r\n")
        return True

    def _note(self, line: str) -> None:
        os.write(self._record, f"{line}\n".encode())


async def main() -> None:
    """Serve until the process is ended: each line of the record is written as it happens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("record", type=Path)
    parser.add_argument("--gap", type=float, nargs=2, default=(0.005, 0.02))
    parser.add_argument("--drop", type=float, default=0.0)
    options = parser.parse_args()
    post = Post(options.record, Manners(*options.gap, options.drop), seed=1)
    server = await asyncio.start_server(post.serve, "127.0.0.1", options.port, limit=MOST_BYTES)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
