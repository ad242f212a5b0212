"""Results as JUnit's XML, which CI servers show."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from outreach.errors import Problem
from outreach.testing.comparing import CaseResult


def write_junit(path: Path, results: Sequence[CaseResult]) -> None:
    """Write the results, a test suite a file."""
    failed = sum(not each.ok for each in results)
    root = Element("testsuites", name="outreach", tests=str(len(results)), failures=str(failed))
    for file, group in groupby(results, key=lambda each: each.file):
        cases = list(group)
        failures = str(sum(not each.ok for each in cases))
        suite = SubElement(root, "testsuite", name=file, tests=str(len(cases)), failures=failures)
        for each in cases:
            _add(suite, each)
    _write(path, root)


def write_refused(path: Path, problems: Sequence[Problem]) -> None:
    """Write why nothing was run: an error for each problem, a test suite a file that has any."""
    many = str(len(problems))
    root = Element("testsuites", name="outreach", tests=many, failures="0", errors=many)
    for file, group in groupby(sorted(problems), key=lambda each: each.file):
        found = list(group)
        many = str(len(found))
        suite = SubElement(root, "testsuite", name=file, tests=many, failures="0", errors=many)
        for each in found:
            about = {"classname": Path(file).stem, "file": file, "line": str(each.line)}
            place = f"line {each.line}, column {each.column}" if each.line else "the file"
            case = SubElement(suite, "testcase", {"name": place, **about})
            error = SubElement(case, "error", message=each.message, type=each.code)
            error.text = str(each)
    _write(path, root)


def _write(path: Path, root: Element) -> None:
    indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add(suite: Element, result: CaseResult) -> None:
    about = {"classname": Path(result.file).stem, "file": result.file, "line": str(result.line)}
    case = SubElement(suite, "testcase", {"name": result.name, **about})
    if result.ok:
        return
    lines = [
        f"{each.name}: expected {each.expected}, got {each.got}" for each in result.differences
    ]
    failure = SubElement(case, "failure", message=lines[0], type="difference")
    failure.text = "\n".join([*lines, *result.why])
