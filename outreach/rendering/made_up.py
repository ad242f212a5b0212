"""Made-up customers, and what fails when a message is made for them."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from outreach.campaign.model import Campaign
from outreach.channels.adapter import Task
from outreach.errors import Problem, ProblemsFound
from outreach.rendering.compiled import Compiled
from outreach.rendering.compiling import compile_step
from outreach.rendering.context import build_context, customer_names
from outreach.rendering.happened import FIELDS, STARTED, Happened
from outreach.rendering.recipient import Recipient
from outreach.rendering.refusal import BY_ZERO, RenderError
from outreach.rendering.sandbox import Dates
from outreach.settings.company import Company
from outreach.settings.date_names import DATES
from outreach.vocabulary import TaskKind

_NOW = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
_PLACE = re.compile(r"(templates/[^:]+):(\d+): (.*)", re.DOTALL)
_TAG = re.compile(r"\{[{%].*?(?:[}%]\}|$)")
_YEAR = ".year"
_WORD = re.compile(rf"(?:{DATES}|{STARTED})\.\w+(?:\{_YEAR})?|[^\W\d]\w*")
_NOTHING_LEFT = (
    "for a customer of whom little is known; write something outside of `{% if … %}` too"
)
_LOOK = "mend what is printed there, or take it out"
_TYPES: dict[str, object] = {
    "text": "words",
    "number": Decimal(7),
    "money": Decimal("12.50"),
    "yes_no": True,
    "date": _NOW.date(),
    "datetime": _NOW,
    "list": ["one", "two"],
}
_KNOWN: dict[str, object] = {
    "key": "C-1", "first_name": "Alex", "last_name": "Martin", "nickname": "Al", "title": "Dr",
    "gender": "female", "email": "trial@example.com", "phone": "+15005550006", "timezone": "UTC",
    "country": "DE", "city": "Mainz", "tier": "A", "stage": "growth", "stage_since": _NOW,
    "owner": "owner@example.com", "tags": ["tag"], "interests": ["tea"], "birthday": "1980-02-29",
    "created_at": _NOW, "orders": 3, "spend": Decimal("99.90"), "first_order_at": _NOW,
    "last_order_at": _NOW, "last_contact_at": _NOW, "last_engaged_at": _NOW,
    "typical_gap": timedelta(days=40),
}  # fmt: skip
TRIAL_ADDRESSES = {"email": "trial@example.com", "sms": "+15005550006", "task": "C-1"}
_ALWAYS: dict[str, object] = {
    "key": "C-2", "created_at": _NOW, "orders": 0, "spend": Decimal(0), "tags": [], "interests": [],
}  # fmt: skip


def try_rendering(
    files: Mapping[str, bytes],
    campaign: Campaign,
    company: Company,
    contexts: list[Mapping[str, object]],
) -> list[Problem]:
    """Problems met while rendering every channel and language for these and made-up customers."""
    try:
        arms = compile_step(files, campaign, company).each
    except ProblemsFound as found:
        return found.problems
    found_in = (_tried(files, campaign, company, contexts, each) for each in arms)
    return list(dict.fromkeys(problem for problems in found_in for problem in problems))


def _tried(
    files: Mapping[str, bytes],
    campaign: Campaign,
    company: Company,
    contexts: list[Mapping[str, object]],
    compiled: Compiled,
) -> list[Problem]:
    """The same for one variant."""
    problems: dict[Problem, None] = {}
    dates = {f"{DATES}.{read.name}" for read in compiled.dates}
    fields = {f"{STARTED}.{read.name}" for read in compiled.started}
    names = customer_names(company) | dates | fields | {f"{date}{_YEAR}" for date in dates}
    for channel in compiled.channels:
        to = TRIAL_ADDRESSES[channel]
        recipient = Recipient(1, "trial", to, "https://example.com/u/trial", "<trial@example.com>")
        for context in (*contexts, *_made_up(compiled, channel, campaign, company)):
            try:
                if _has_all(compiled, channel, context):
                    compiled.render(channel, context, recipient)
            except RenderError as error:
                lacking = frozenset(n for n in names if not _has(context, n))
                problems[_problem(files, campaign, channel, error.reason, lacking)] = None
    return list(problems)


def called_in(compiled: Compiled, campaign: Campaign, company: Company) -> frozenset[str]:
    """The locales whose task is a call, as rendered for made-up customers."""
    recipient, found = Recipient(1, "trial", "C-1", "", "<trial@example.com>"), set()
    for context in _made_up(compiled, "task", campaign, company):
        with suppress(RenderError):
            task = compiled.render("task", context, recipient)
            if isinstance(task, Task) and task.kind is TaskKind.CALL:
                found.add(compiled.locale_for("task", str(context["locale"])))
    return frozenset(found)


def made_up_customer(
    compiled: Compiled, channel: str, company: Company, locale: str, *, all_known: bool
) -> dict[str, object]:
    """A customer who reads the files of `locale`: columns, attributes and dates by name.

    Of whom everything is known, or just what the channel's templates need.
    """
    rich = {**{name: _TYPES[kind] for name, kind in company.attributes.items()}, **_KNOWN}
    rich["owner"] = next(iter(company.owners), rich["owner"])
    dates = {read.name for read in compiled.dates}
    said: dict[str, object] = {"locale": locale or company.brand.locale}
    if all_known:
        happened = _event(compiled, {read.name for read in compiled.started})
        return {**rich, DATES: dict.fromkeys(dates, "2014-06-14"), **said, **happened}
    needs = [n for n in compiled.needs(channel) if n.locales is None or locale in n.locales]
    names = {name for need in needs for name in need.names}
    names |= {min(group) for need in needs for group in need.any_of}
    known = {name: rich[name] for name in names if name in rich}
    needed = {name: "06-14" for name in dates if f"{DATES}.{name}" in names}
    fields = {name.partition(".")[2] for name in names if name.startswith(f"{STARTED}.")}
    return {**_ALWAYS, **known, DATES: needed, **said, **_event(compiled, fields)}


def _event(compiled: Compiled, fields: Collection[str]) -> dict[str, object]:
    """What started the campaign, with these fields, where templates look at it."""
    if compiled.starter is None:
        return {}
    amount = Decimal("49.90") if "amount" in fields else None
    others = dict.fromkeys(sorted(set(fields) - FIELDS), "words")
    return {STARTED: Happened(_NOW, amount, others, compiled.starter)}


def _made_up(
    compiled: Compiled, channel: str, campaign: Campaign, company: Company
) -> Iterator[dict[str, object]]:
    for locale in compiled.locales(channel):
        for all_known in (True, False):
            said = made_up_customer(compiled, channel, company, locale, all_known=all_known)
            yield build_context(said, company, campaign, _NOW)


def _has_all(compiled: Compiled, channel: str, context: Mapping[str, object]) -> bool:
    wanted = context.get("locale")
    locale = compiled.locale_for(channel, wanted if isinstance(wanted, str) else None)
    return all(
        all(_has(context, name) for name in need.names)
        and all(any(_has(context, name) for name in group) for group in need.any_of)
        for need in compiled.needs(channel)
        if need.locales is None or locale in need.locales
    )


def _has(context: Mapping[str, object], name: str) -> bool:
    of, _, field = name.partition(".")
    if of == STARTED and field:
        event = context.get(STARTED)
        return isinstance(event, Happened) and event.known.get(field) is not None
    dates = context.get(DATES)
    if not isinstance(dates, Dates) or not name.startswith(f"{DATES}."):
        return context.get(name) not in (None, [])
    date = dates.known.get(name.removeprefix(f"{DATES}.").removesuffix(_YEAR))
    return date is not None and not (name.endswith(_YEAR) and date.year is None)


def _problem(
    files: Mapping[str, bytes],
    campaign: Campaign,
    channel: str,
    reason: str,
    lacking: frozenset[str],
) -> Problem:
    """What failed, at its place; `lacking` are the names this customer has nothing for."""
    place = _PLACE.fullmatch(reason)
    if place is None:
        path = f"templates/{campaign.steps[0].template}"
        message, _, hint = reason.partition("; ")
        hint = _NOTHING_LEFT if message.endswith("is empty") else hint or _LOOK
        return Problem(path, 0, 0, "trial", f"{channel}: {message}", hint)
    path, line = place[1], int(place[2])
    blamed = frozenset() if place[3].startswith(BY_ZERO) else lacking
    column, names = _tag_at(files.get(path, b"").decode(errors="replace"), line, blamed)
    message, _, hint = place[3].partition("; ")
    if names:
        message = f"{message}, for customers without {' or '.join(f'`{n}`' for n in names)}"
        hint = f"write `{{% if {names[0]} %}}` around it, or what to say instead: `default('…')`"
    return Problem(path, line, column, "trial", message, hint or _LOOK)


def _tag_at(text: str, number: int, lacking: frozenset[str]) -> tuple[int, list[str]]:
    """The column of the tag that fails in a line, and which of the lacking names it reads.

    Jinja tells the line; the tag is the first in it that reads one of them, else the first: those
    that print before the others.
    """
    lines = text.split("\n")
    tags = list(_TAG.finditer(lines[number - 1])) if number <= len(lines) else []
    tags.sort(key=lambda tag: not tag[0].startswith("{{"))
    for tag in tags:
        words = dict.fromkeys(
            whole if (whole := word.removesuffix(_YEAR)) in lacking else word
            for word in _WORD.findall(tag[0])
        )
        names = [word for word in words if word in lacking]
        if names:
            return tag.start() + 1, names
    return (tags[0].start() + 1 if tags else 1), []
