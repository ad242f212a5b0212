"""Whose code a profile's time was spent in: a package's, a part of ours, the standard library's."""

import cProfile
import pstats
from collections import Counter
from pathlib import Path

from bench.faults.record import ROOT

SITE = "site-packages"


def parts(profile: cProfile.Profile) -> Counter[str]:
    """Seconds by part; a built-in function's are its callers'."""
    found: Counter[str] = Counter()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (path, _, name), (_, _, own, _, callers) in stats.items():
        if path != "~":
            found[_part(path)] += own
        elif not callers:
            found[name] += own
        for (caller, _, _), (_, _, share, _) in callers.items() if path == "~" else ():
            found[_part(caller)] += share
    return found


def _part(path: str) -> str:
    words = Path(path).parts
    if SITE in words:
        return words[words.index(SITE) + 1]
    if Path(path).is_relative_to(ROOT):
        return "/".join(Path(path).relative_to(ROOT).parts[:-1])
    if len(words) < 2:
        return "built-in" if path == "~" else path.strip("<>").partition(" ")[0]
    return f"standard library: {words[-1] if words[-2].startswith('python') else words[-2]}"


def table(profile: cProfile.Profile, messages: int, most: int = 12) -> str:
    """A row for each of the largest parts: µs a message, with what profiling adds, and its share."""
    found = parts(profile)
    whole = found.total()
    rows = [
        f"| {name} | {seconds / messages * 1e6:.0f} | {seconds / whole:.0%} |"
        for name, seconds in found.most_common(most)
    ]
    return "\n".join(["| where | µs each, profiled | share |", "|---|---|---|", *rows])
