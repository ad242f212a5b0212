"""How long a child process takes, how much memory it and its own children hold at most."""

import json
import resource
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
    """What a command took and printed; `peak_mib` counts shared memory once (PSS).

    `cpu_seconds` are its own and its children's, which says more than `seconds` on a busy machine;
    `longest_write` the seconds of its longest write transaction.
    """

    seconds: float
    cpu_seconds: float
    longest_write: float
    peak_mib: float
    answer: Any  # the JSON document on its stdout


def measure(command: Sequence[str], environment: Mapping[str, str], out: Path) -> Measured:
    """Run a command that prints one JSON document; RuntimeError with its words when it fails."""
    begun, used = time.perf_counter(), _cpu_seconds()
    peak = 0.0
    said = out.with_suffix(".log")
    with out.open("w+", encoding="utf-8") as stdout, said.open("w+", encoding="utf-8") as stderr:
        child = subprocess.Popen(command, env=dict(environment), stdout=stdout, stderr=stderr)
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
        words = text + said.read_text("utf-8")
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {words[:2000]}")
    cpu_seconds = _cpu_seconds() - used
    return Measured(seconds, cpu_seconds, _longest_write(said), peak, json.loads(text))


def _cpu_seconds() -> float:
    """Of all children that have ended, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _longest_write(log: Path) -> float:
    """What bench/ground/command.py tells in its last line."""
    return float(json.loads(log.read_text("utf-8").splitlines()[-1])["longest_write"])


def _held_mib(process: psutil.Process) -> float:
    held = 0
    try:
        for each in (process, *process.children(recursive=True)):
            memory = each.memory_full_info()
            held += getattr(memory, "pss", memory.rss)
    except psutil.NoSuchProcess:
        pass
    return held / 2**20
