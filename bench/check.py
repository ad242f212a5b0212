"""How long `outreach check` takes over many campaign files: `python3 dev.py bench check [--files N]`.

The sample project with each of its campaigns copied until there are so many (1,000), half of them with a title of
their own. Wall clock and processor time of the whole command, which must find nothing.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
BAR_SECONDS = 10.0


def main() -> int:
    """Measure and print a row; 1 when the bar is missed or something is found."""
    parser = argparse.ArgumentParser(prog="dev.py bench check", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000)
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
        project = _project(Path(name) / "project", files)
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-m", "outreach", "check"]
        done = subprocess.run(
            command, cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
        )
        seconds = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print("| campaign files | seconds | of a core | MiB |\n|---|---|---|---|")
    print(f"| {files:,} | {seconds:.1f} | {busy:.1f} | {after.ru_maxrss // 1024} |")
    return int(done.returncode != 0 or seconds > BAR_SECONDS)


def _project(folder: Path, files: int) -> Path:
    for part in ("campaigns", "templates"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "outreach.yaml", folder)
    samples = sorted((folder / "campaigns").glob("*.yaml"))
    for number, sample in enumerate(islice(cycle(samples), max(0, files - len(samples)))):
        text = sample.read_text("utf-8")
        if number % 2:
            text = text.replace("title: ", f"title: {number} ", 1)
        (folder / "campaigns" / f"copy-{number}.yaml").write_text(text, encoding="utf-8")
    return folder


if __name__ == "__main__":
    sys.exit(main())
