"""Renders a new revision before it is admitted: what a template can make hang or swell is found here.

What every message's budget can bound is rendered in this process; what it can not, in a process of
its own, with limits on its time and memory. That one takes longer than all the rest of a check.
"""

import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import nodes

from outreach.campaign.model import Campaign, OnEvent, Schedule, ScheduleKind, Selection
from outreach.campaign.triggers import ALWAYS
from outreach.errors import Problem
from outreach.rendering.check import Prepared, prepare, variants_of
from outreach.rendering.context import context_names
from outreach.rendering.made_up import try_rendering
from outreach.settings.company import Company
from outreach.vocabulary import Status

SECONDS = 20
MEMORY = 2 * 1024**3  # bytes of address space
# Printed alone it changes no branch; the topic is the same in what is compared.
_NO_MATTER = re.compile(rb"\{\{-?\s*campaign\.(?:title|name)\s*-?\}\}|campaign\.topic")
_LESS = "go through fewer members, and put no lists into lists"
_STANDS_ALONE = re.compile(
    r"templates/(?:[^/]+/)+(?:subject|body|sms|task)(?:\.[\w-]+)*\.(?:txt|html)"
)
_ANY = Schedule(ScheduleKind.MANUAL)
_FLAT = ("join", "_concat", "_compare")  # filters that keep nothing of a list but its members


def trial(
    files: Mapping[str, bytes], campaign: Campaign, company: Company, seconds: int = SECONDS
) -> list[Problem]:
    """Problems of rendering the campaign's first step for made-up customers; [] if it works.

    `files` by path, as they are read; `seconds` is the most that a process of its own may take.
    """
    return _rendered(files, campaign, company, _prepared(files, campaign, company), seconds)


def trial_in_check(
    files: Mapping[str, bytes], campaign: Campaign, company: Company, seconds: int = SECONDS
) -> list[Problem]:
    """The same for who was told already what the templates lack by themselves.

    Then the files that are sound are tried, with a plain text in place of each that is not; []
    where a file is at fault that others are made of.
    """
    prepared = _prepared(files, campaign, company)
    faulty = {problem.file for each in prepared for problem in each.problems}
    if faulty:
        if not all(map(_STANDS_ALONE.fullmatch, faulty)):
            return []
        files = {**files, **{path: _stand_in(path) for path in faulty}}
        prepared = _prepared(files, campaign, company)
        if _problems(prepared):
            return []
    return [
        each
        for each in _rendered(files, campaign, company, prepared, seconds)
        if each.file not in faulty
    ]


def _stand_in(path: str) -> bytes:
    """What a file at fault is replaced by: one line of a subject, else all that a mail owes."""
    return (
        b"Hello"
        if "/subject." in path
        else b"Hello {{ unsubscribe_url }} {{ brand.postal_address }}"
    )


def trial_apart(
    files: Mapping[str, bytes],
    campaign: Campaign,
    company: Company,
    contexts: Sequence[Mapping[str, object]] = (),
    seconds: int = SECONDS,
) -> list[Problem]:
    """Problems of rendering the campaign in a process of its own; [] if it works.

    `contexts` are build_context's. A context that lacks what a template needs is left out. The
    made-up customers are one of whom everything is known, and one who has just what is needed.
    """
    work = pickle.dumps((dict(files), campaign, company, [dict(c) for c in contexts], seconds))
    root = str(Path(__file__).parents[2])
    known = os.environ.get("PYTHONPATH", "")
    environment = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{known}" if known else root}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "outreach.rendering.trial_process"],
            input=work,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return [_problem(campaign, f"rendering took more than {seconds} seconds")]
    if done.returncode != 0:
        return [_problem(campaign, "rendering broke its process: too much time or memory")]
    found: list[Problem] = pickle.loads(done.stdout)  # noqa: S301 - our own child's answer
    return found


def as_rendered(campaign: Campaign, files: Mapping[str, bytes]) -> Campaign:
    """The campaign without all that its messages do not depend on: a trial of two alike finds the same."""
    folders = ("templates/_base/", *(f"templates/{step.template}/" for step in campaign.steps))
    says_which = any(
        b"campaign" in _NO_MATTER.sub(b"", content)
        for path, content in files.items()
        if path.startswith(folders)
    )
    named = (
        replace(campaign, file="") if says_which else replace(campaign, name="", title="", file="")
    )
    return replace(
        named, owner="", audience=Selection(), exclude=None, schedule=_schedule(campaign), status=Status.DRAFT,
        priority=0, cadence=(), when_capped="", on_unknown="", holdout=0,
        steps=tuple(replace(step, when=None) for step in campaign.steps),
        path=(), exit=None, goal=None, reentry=ALWAYS, migrates=False,
    )  # fmt: skip


def _rendered(
    files: Mapping[str, bytes], campaign: Campaign, company: Company,
    prepared: Sequence[Prepared], seconds: int,
) -> list[Problem]:  # fmt: skip
    if not _problems(prepared) and any(map(_builds_lists, _trees(prepared))):
        return trial_apart(files, campaign, company, seconds=seconds)
    return try_rendering(files, campaign, company, [])


def _prepared(files: Mapping[str, bytes], campaign: Campaign, company: Company) -> list[Prepared]:
    names, step = context_names(company, campaign), campaign.steps[0]
    variants = variants_of(campaign)
    return [prepare(files, step, campaign, company, names, variant) for variant in variants]


def _problems(prepared: Iterable[Prepared]) -> bool:
    return any(each.problems for each in prepared)


def _trees(prepared: Iterable[Prepared]) -> Iterator[nodes.Template]:
    """The syntax of every file that the messages are made of."""
    for each in prepared:
        for by_locale in each.channels.values():
            for ready in by_locale.values():
                for source in ready.source.sources():
                    yield from source.part.trees.values()


def _schedule(campaign: Campaign) -> Schedule:
    """What of a schedule messages depend on: whether an event starts it."""
    on_event = campaign.schedule.on_event
    return _ANY if on_event is None else replace(_ANY, on_event=OnEvent(on_event.kind))


def _builds_lists(tree: nodes.Template) -> bool:
    """Whether it puts values into lists of its own: lists of lists grow faster than is counted."""
    flat = {id(found.node) for found in tree.find_all(nodes.Filter) if found.name in _FLAT}
    return any(
        id(found) not in flat and getattr(found, "ctx", "load") == "load"
        for found in tree.find_all((nodes.List, nodes.Tuple, nodes.Dict))
        if found.find(nodes.Name) is not None
    )


def _problem(campaign: Campaign, message: str) -> Problem:
    return Problem(f"templates/{campaign.steps[0].template}", 0, 0, "trial", message, _LESS)
