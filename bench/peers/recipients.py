"""Who is written to, and what the templates say of them, the same for all."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.ground.rows import lines


def write_recipients(path: Path, count: int) -> Path:
    """A file of so many recipients, no two of whom have one address."""
    with path.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines(count)):
            key, email, _, _, country, *_ = line.split(",")
            token = hashlib.sha256(key.encode()).hexdigest()[:32]
            found = {
                "number": number,
                "recipient": email,
                "key": key,
                "salutation": f"Dear customer {number}",
                "country": country,
                "unsubscribe_url": f"https://news.example.com/u/{token}",
            }
            file.write(json.dumps(found) + "\n")
    return path


def recipients(path: Path | None = None) -> Iterator[dict[str, Any]]:
    """Those of a file; without one of the file that PEERS_RECIPIENTS names."""
    with (path or Path(os.environ["PEERS_RECIPIENTS"])).open(encoding="utf-8") as file:
        yield from map(json.loads, file)
