"""The worked examples of docs/meanings: read as worlds with a verdict each, and as tables.

`python tests/meanings.py` writes the tables (*.md) anew from the examples (*.yaml).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter
from world import Consent, Customer, Other, Touch, Verdict, World, address_of

from outreach.campaign.experiment import Measure, Variant, Winner
from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.campaign.on_date_file import OnDateFile
from outreach.campaign.on_holiday_file import OnHolidayFile
from outreach.campaign.public_holidays import Holidays
from outreach.settings.company import Brand, Company, Topic
from outreach.settings.feast_days import FeastDays
from outreach.settings.feast_file import Feast
from outreach.spans import WEEKDAYS, Cap, QuietHours, parse_day_span, parse_per, parse_span
from outreach.vocabulary import ConsentState, Decision, Reason

FOLDER = Path(__file__).parent.parent / "docs" / "meanings"
SOURCES = sorted(
    path
    for path in FOLDER.glob("*.yaml")
    if path.stem
    not in (
        "approval-brake-budget",
        "date-turns",
        "falling-over",
        "floors",
        "journeys",
        "owed",
        "stages",
    )
)  # those by approval_meanings.py, date_meanings.py, floor_meanings.py and so on
COLUMNS = ("#", "given", "at", "decision", "reason", "until", "channel")
PLAIN = ("key", "email", "phone", "timezone", "country", "erased", "merged_into")
GROUPS = ("zones", "tags", "attributes", "dates")
ANNA = {
    "key": "anna",
    "email": "anna@example.com",
    "phone": "+491701234567",
    "timezone": "Europe/Berlin",
    "country": "DE",
}


OUTSIDE = Verdict(Decision.SKIP, Reason.NOT_IN_AUDIENCE)  # a plan counts only who is inside


FEAST: TypeAdapter[tuple[FeastDays, ...]] = TypeAdapter(Feast)


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML in which instants and dates stay text, and `yes` and `no` are words."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [
            (tag, regexp) for tag, regexp in resolvers if not tag.endswith((":timestamp", ":bool"))
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a table: what is expected for the customer `who` of a world."""

    file: str
    number: int
    name: str
    world: World
    who: str
    expected: Verdict

    def __str__(self) -> str:
        return f"{self.file}-{self.number}"


@cache
def examples() -> list[Example]:
    """Every example of every file, in order."""
    return [
        _example(path.stem, number, case, laid_over(document.get("given", {}), case))
        for path in SOURCES
        for document in [read_document(path)]
        for number, case in enumerate(document["cases"], start=1)
    ]


def table(path: Path) -> str:
    """The Markdown page of one file of examples."""
    document = read_document(path)
    at = document.get("given", {}).get("at")
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    lines += [f"The worlds of these rows are in [{path.name}]({path.name}).", ""]
    lines += [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for number, case in enumerate(document["cases"], start=1):
        expect = case["expect"]
        cells = [str(number), case["name"], case.get("at", at), expect["decision"]]
        cells += [expect.get(column, "") for column in COLUMNS[4:]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def read_document(path: Path) -> dict[str, Any]:
    """A file of examples as it is written."""
    return yaml.load(path.read_text("utf-8"), Loader)  # type: ignore[no-any-return]


def laid_over(given: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """The case on top of what the file gives: mappings key by key, all else as a whole."""
    merged = dict(given)
    for key, value in case.items():
        base = merged.get(key)
        mappings = isinstance(value, dict) and isinstance(base, dict)
        merged[key] = laid_over(base, value) if mappings else value
    return merged


def _example(file: str, number: int, case: Mapping[str, Any], given: dict[str, Any]) -> Example:
    world = build_world(given)
    expect = dict(case["expect"])
    reason, until = expect.pop("reason", None), expect.pop("until", None)
    expected = Verdict(
        Decision(expect.pop("decision")),
        Reason(reason) if reason else None,
        _instant(until, world.asked_at) if until else None,
        expect.pop("channel", None),
    )
    if expect:
        raise ValueError(f"{file}: row {number} expects {sorted(expect)}, which no row has")
    who = given.get("who", world.customers[0].key)
    return Example(file, number, case["name"], world, who, expected)


def build_world(given: Mapping[str, Any]) -> World:
    """The world of one example; what is left out is as docs/meanings/README.md says."""
    asked_at = _instant(given["at"], None)
    company = _company(given.get("company", {}))
    campaign = _with_feast(_campaign(given.get("campaign", {})), company)
    people = [ANNA | given.get("customer", {}), *given.get("others", [])]
    customers = tuple(_customer(person) for person in people)
    channels = campaign.steps[0].channels
    agreed = [
        {"yes": f"{c}/{campaign.topic}", "customer": p.key} for p in customers for c in channels
    ]
    consents = given.get("consents", agreed)
    run_at = given.get("run_at")
    return World(
        customers,
        campaign,
        company,
        asked_at,
        _instant(run_at, asked_at) if run_at else asked_at,
        tuple(_consent(row, customers[0].key, asked_at) for row in consents),
        frozenset(tuple(row.split("/", 1)) for row in given.get("suppressions", ())),
        tuple(_touch(row, customers, campaign, asked_at) for row in given.get("touches", ())),
        _needs(given),
        tuple(
            Other(
                _with_feast(_campaign(row["campaign"]), company),
                _needs(row),
                row.get("planned", False),
            )
            for row in given.get("active", ())
        ),
    )


def _needs(given: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    return {channel: frozenset(names) for channel, names in given.get("needs", {}).items()}


def _customer(person: Mapping[str, Any]) -> Customer:
    columns = {k: v for k, v in person.items() if k not in (*PLAIN, *GROUPS) and v}
    plain = {name: person[name] for name in PLAIN if person.get(name) is not None}
    tags, zones = tuple(person.get("tags", ())), tuple(person.get("zones", ()))
    own = {name: person.get(name, {}) for name in ("attributes", "dates")}
    return Customer(**plain, zones=zones, tags=tags, columns=columns, **own)


def _campaign(given: Mapping[str, Any]) -> Campaign:
    given = dict(given)
    schedule = _schedule(given.pop("schedule", {}))
    step = Step("message", tuple(given.pop("channels", ["email"])), "message")
    audience = given.pop("audience", {})
    if "exclude" in given:
        given["exclude"] = _selection(given["exclude"])
    if "cadence" in given:
        given["cadence"] = _caps(given["cadence"])
    if "variants" in given:
        given["variants"] = tuple(Variant(*each) for each in given["variants"].items())
    if "winner" in given:
        winner = given["winner"]
        after, share = parse_span(winner["after"]), _share(winner["test"])
        given["winner"] = Winner(Measure(winner["by"]), after, share)
    if "holdout" in given:
        given["holdout"] = _share(given["holdout"])
    given = {
        "name": "greeting",
        "title": "",
        "owner": "mei@example.com",
        "topic": "greetings",
    } | given
    return Campaign(audience=_selection(audience), schedule=schedule, steps=(step,), **given)


def _with_feast(campaign: Campaign, company: Company) -> Campaign:
    """The campaign with what the company says of its feast."""
    feast = campaign.schedule.on_holiday
    if feast is None:
        return campaign
    own = company.feasts.get(feast.name, ())
    feast = replace(feast, own=own, home=company.brand.country)
    return replace(campaign, schedule=replace(campaign.schedule, on_holiday=feast))


def _schedule(given: Mapping[str, Any]) -> Schedule:
    read: dict[str, Callable[[Any], Any]] = {
        "window": parse_day_span,
        "late": parse_span,
        "days": _weekdays,
        "starts": date.fromisoformat,
        "ends": date.fromisoformat,
        "timezone": str,
        "holidays": Holidays,
    }
    given = dict(given)
    at, on_date = given.pop("at", None), given.pop("on_date", None)
    on_holiday = given.pop("on_holiday", None)
    known: dict[str, Any] = {key: read[key](value) for key, value in given.items()}
    if on_date is not None:
        day = OnDateFile.model_validate(on_date).on_date()
        return Schedule(ScheduleKind.ON_DATE, on_date=day, **known)
    if on_holiday is not None:
        feast = OnHolidayFile.model_validate(on_holiday).on_holiday()
        return Schedule(ScheduleKind.ON_HOLIDAY, on_holiday=feast, **known)
    if at is None:
        return Schedule(ScheduleKind.MANUAL, **known)
    instant = datetime.fromisoformat(at)
    which = "at_local" if instant.tzinfo is None else "at"
    return Schedule(ScheduleKind.AT, **{which: instant}, **known)


def _company(given: Mapping[str, Any]) -> Company:
    given = dict(given)
    zone, country = given.pop("timezone", "Europe/Berlin"), given.pop("country", "")
    brand = Brand(name="Acme", timezone=zone, country=country)
    if "cadence" in given:
        given["cadence"] = _caps(given["cadence"])
    if "quiet_hours" in given:
        given["quiet_hours"] = tuple(map(_quiet, _listed(given["quiet_hours"])))
    if "control_group" in given:
        given["control_group"] = _share(given["control_group"])
    feasts = given.pop("feasts", {})
    given["feasts"] = {name: FEAST.validate_python(days) for name, days in feasts.items()}
    topics = given.pop("topics", {})
    given["topics"] = {name: Topic(**about) for name, about in topics.items()}
    return Company(brand=brand, **given)


def _selection(given: Mapping[str, Any]) -> Selection:
    return Selection(**{k: tuple(v) if isinstance(v, list) else (v,) for k, v in given.items()})


def _caps(given: Any) -> tuple[Cap, ...]:
    return tuple(Cap(**row | {"per": parse_per(row["per"])}) for row in _listed(given))


def _quiet(row: Mapping[str, Any]) -> QuietHours:
    days = _weekdays(row["days"]) if "days" in row else None
    return QuietHours(parse_day_span(row["span"]), row.get("country"), row.get("channel"), days)


def _listed(given: Any) -> list[Any]:
    return [] if given == "none" else given


def _share(text: str) -> int:
    return int(Decimal(text.removesuffix("%")) * 100)


def _weekdays(given: str | list[str]) -> frozenset[int]:
    if isinstance(given, list):
        return frozenset(map(WEEKDAYS.index, given))
    first, last = ([d[:3] for d in WEEKDAYS].index(part) for part in given.split("-"))
    return frozenset(range(first, last + 1))


def _consent(row: str | Mapping[str, Any], key: str, asked_at: datetime) -> Consent:
    given = {"yes": row} if isinstance(row, str) else dict(row)
    state = ConsentState.GRANTED if "yes" in given else ConsentState.WITHDRAWN
    channel, topic = given["yes" if "yes" in given else "no"].split("/")
    expires = given.get("expires_at")
    return Consent(
        given.get("customer", key),
        channel,
        topic,
        state,
        _instant(given.get("at", "-365 days"), asked_at),
        _instant(expires, asked_at) if expires else None,
        given.get("address", ""),
    )


def _touch(
    row: Mapping[str, Any], customers: tuple[Customer, ...], campaign: Campaign, asked_at: datetime
) -> Touch:
    key = row.get("customer", customers[0].key)
    owner = next(customer for customer in customers if customer.key == key)
    channel, at = row.get("channel", campaign.steps[0].channels[0]), _instant(row["at"], asked_at)
    return Touch(
        key,
        row.get("campaign", "earlier"),
        channel,
        row.get("address", address_of(owner, channel)),
        row.get("topic", campaign.topic),
        at,
        _instant(row["run_at"], asked_at) if "run_at" in row else at,
        row.get("priority", 50),
        not row.get("open", False),
    )


def _instant(text: str, asked_at: datetime | None) -> datetime:
    """`2026-07-03T17:00+08:00`, or `-3 days` and `+36 hours` from the instant asked at."""
    if asked_at is not None and text[0] in "+-":
        span = parse_span(text[1:])
        return asked_at + (span if text[0] == "+" else timedelta(0) - span)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"`{text}` has no offset")
    return at.astimezone(UTC)


if __name__ == "__main__":
    for source in SOURCES:
        source.with_suffix(".md").write_text(table(source), encoding="utf-8")
