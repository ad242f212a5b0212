"""How long a child process takes, and how much memory it and its own children hold at most."""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took and printed; `peak_mib` counts shared memory once (PSS)."""

    seconds: float
    peak_mib: float
    answer: Any  # the JSON document on its stdout


def measure(command: Sequence[str], environment: Mapping[str, str], out: Path) -> Measured:
    """Run a command that prints one JSON document; RuntimeError with its words when it fails."""
    begun = time.perf_counter()
    peak = 0.0
    with out.open("w+", encoding="utf-8") as stdout:
        child = subprocess.Popen(command, env=dict(environment), stdout=stdout)
        whole = psutil.Process(child.pid)
        while True:
            try:
                code = child.wait(LOOK_EVERY_SECONDS)
                break
            except subprocess.TimeoutExpired:
                peak = max(peak, _held_mib(whole))
        seconds = time.perf_counter() - begun
        stdout.seek(0)
        text = stdout.read()
    if code not in (0, 1):  # 1: rows were refused, which the answer tells
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {text[:2000]}")
    return Measured(seconds, peak, json.loads(text))


def _held_mib(process: psutil.Process) -> float:
    held = 0
    try:
        for each in (process, *process.children(recursive=True)):
            memory = each.memory_full_info()
            held += getattr(memory, "pss", memory.rss)
    except psutil.NoSuchProcess:
        pass
    return held / 2**20
