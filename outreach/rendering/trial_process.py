"""The process of a trial: takes a pickled revision on stdin, answers with its problems on stdout."""

import pickle
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from outreach.campaign.model import Campaign
from outreach.errors import Problem, ProblemsFound
from outreach.rendering.compiled import Compiled, Recipient, compile_step
from outreach.rendering.context import build_context
from outreach.rendering.refusal import RenderError
from outreach.rendering.trial import MEMORY
from outreach.settings.company import Company

_NOW = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
_PLACE = re.compile(r"(templates/[^:]+):(\d+): (.*)", re.DOTALL)
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
        compiled = compile_step(files, campaign, company)
    except ProblemsFound as found:
        return found.problems
    problems: dict[Problem, None] = {}
    for channel in compiled.channels:
        to = "trial@example.com" if channel == "email" else "+15005550006"
        recipient = Recipient(1, "trial", to, "https://example.com/u/trial", "<trial@example.com>")
        for context in (*contexts, *_made_up(compiled, channel, campaign, company)):
            try:
                if _has_all(compiled, channel, context):
                    compiled.render(channel, context, recipient)
            except RenderError as error:
                problems[_problem(campaign, channel, error.reason)] = None
    return list(problems)


def _made_up(
    compiled: Compiled, channel: str, campaign: Campaign, company: Company
) -> Iterator[dict[str, object]]:
    rich = {**{name: _TYPES[kind] for name, kind in company.attributes.items()}, **_KNOWN}
    rich["owner"] = next(iter(company.owners), rich["owner"])
    for locale in compiled.locales(channel):
        needs = [n for n in compiled.needs(channel) if n.locales is None or locale in n.locales]
        names = {name for need in needs for name in need.names}
        names |= {min(group) for need in needs for group in need.any_of}
        poor = {**_ALWAYS, **{name: rich[name] for name in names if name in rich}}
        for customer in (rich, poor):
            said = {**customer, "locale": locale or company.brand.locale}
            yield build_context(said, company, campaign, _NOW)


def _has_all(compiled: Compiled, channel: str, context: Mapping[str, object]) -> bool:
    wanted = context.get("locale")
    locale = compiled.locale_for(channel, wanted if isinstance(wanted, str) else None)
    return all(
        all(context.get(name) is not None for name in need.names)
        and all(any(context.get(name) is not None for name in group) for group in need.any_of)
        for need in compiled.needs(channel)
        if need.locales is None or locale in need.locales
    )


def _problem(campaign: Campaign, channel: str, reason: str) -> Problem:
    place = _PLACE.fullmatch(reason)
    if place is not None:
        return Problem(place[1], int(place[2]), 1, "trial", place[3])
    return Problem(f"templates/{campaign.steps[0].template}", 0, 0, "trial", f"{channel}: {reason}")


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
