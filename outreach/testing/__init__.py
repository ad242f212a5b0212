"""Campaign tests: what `outreach test` runs, and other test runners may."""

from outreach.testing.comparing import CaseResult, Difference
from outreach.testing.coverage import Untested
from outreach.testing.junit import write_junit, write_refused
from outreach.testing.run import Results, run_tests

__all__ = [
    "CaseResult",
    "Difference",
    "Results",
    "Untested",
    "run_tests",
    "write_junit",
    "write_refused",
]
