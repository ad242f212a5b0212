"""The process of a trial: takes a pickled revision on stdin, answers with its problems on stdout."""

import pickle
import sys

from outreach.rendering.made_up import try_rendering
from outreach.rendering.trial import MEMORY


def _limit(seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none; the parent's patience is the limit there
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    """Serve one trial."""
    files, campaign, company, contexts, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301
    _limit(seconds)
    sys.stdout.buffer.write(pickle.dumps(try_rendering(files, campaign, company, contexts)))


if __name__ == "__main__":
    main()
