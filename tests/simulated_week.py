"""A week for the simulator: a base over many zones, and campaigns that get into each other's way.

Clocks go back in America on the first of November 2026. Quiet hours, windows, caps, holds, text
messages that give way to mails, tasks, birthdays, shared addresses and moving stages are all there.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from commands import outreach_here, sample_project

from outreach.app.context import open_context
from outreach.app.running import Tick
from outreach.clock import MovingClock
from outreach.scheduler import run_here

START = datetime.fromisoformat("2026-10-29T00:00:00-04:00")
DAYS = 7
PLANNED_AT, REASON = 6, 8  # of a line of rows
NO_PLACE = dict.fromkeys(("capped", "reserved"), "capped or reserved")
ZONES = (
    ("America/New_York", "US"), ("America/Los_Angeles", "US"), ("America/St_Johns", "CA"),
    ("Europe/Berlin", "DE"), ("Europe/Paris", "FR"), ("Asia/Kolkata", "IN"),
    ("Asia/Shanghai", "CN"), ("Australia/Lord_Howe", "AU"), ("", "US"),
)  # fmt: skip
PHONES = {"US": "+1202555{:04}", "CA": "+1604555{:04}", "DE": "+4915123450{:03}", "FR": "+3361234{:04}",
          "IN": "+9198765{:05}", "CN": "+86138001{:05}", "AU": "+6141234{:04}"}  # fmt: skip
BODY = "{{ salutation }}\n{{ brand.postal_address }}\n{{ unsubscribe_url }}\n"
FLOORS = "floors: [{at_least: 1, per: 4 days, audience: {country: [AU]}, by: owner}]\n"
HEAD = "owner: mei@example.com\nstatus: active\n"
CAMPAIGNS = {
    "morning": (
        "title: Good morning\ntopic: greetings\naudience: everyone\npriority: 20\n"
        'schedule: {cron: "30 9 * * *", timezone: customer, late: 30 hours}\nwhen_capped: hold\n'
        "steps: [{id: greet, channels: [sms, email], template: weekly-greeting}]\n"
    ),
    "evening": (  # comes when nights begin: quiet hours hold it until the next morning
        "title: Good evening\ntopic: greetings\npriority: 45\n"
        "audience: {where: \"orders >= 2\"}\nexperiment: {holdout: 20%}\n"
        'schedule: {cron: "45 20 * * MON,THU,SAT", timezone: customer, late: 14 hours}\n'
        "steps: [{id: greet, channels: [email], template: weekly-greeting}]\n"
    ),
    "night": (  # a local time that comes twice on the first of November
        "title: At night\ntopic: greetings\npriority: 55\naudience: {country: [US, CA]}\n"
        "schedule: {at: 2026-11-01T01:30, timezone: customer, late: 20 hours, window: '10:00-19:00'}\n"
        "steps: [{id: greet, channels: [email], template: weekly-greeting}]\n"
    ),
    "company": (  # one instant everywhere
        "title: From all of us\ntopic: offers\npriority: 80\naudience: {stage: [growth, maturity]}\n"
        "schedule: {at: 2026-11-03T12:00, timezone: America/New_York, window: '09:00-18:00'}\n"
        "cadence: [{at_most: 1, per: 36 hours}]\n"
        "steps: [{id: offer, channels: [email], template: win-back}]\n"
    ),
    "call": (
        "title: Call them\ntopic: greetings\npriority: 30\naudience: {stage: [decline]}\n"
        "schedule: {every: day at 10:00, timezone: customer}\ncadence: [{at_most: 1, per: 3 days, channel: task}]\n"
        "steps: [{id: call, channels: [task], template: call}]\n"
    ),
    "notice": (
        "title: Your order\ntopic: service\naudience: {where: \"last_order_at > now - days(3)\"}\n"
        "schedule: {every: day at 08:00, timezone: Europe/Berlin}\n"
        "steps: [{id: notice, channels: [email], template: service-notice}]\n"
    ),
    "way": (  # several steps, by branches; who comes to another stage leaves it
        "title: A way\ntopic: greetings\npriority: 60\naudience: {country: [DE, FR, IN]}\n"
        "schedule: {at: 2026-10-29T15:00, timezone: Europe/Berlin}\nexit: stage == 'decline'\n"
        "steps:\n"
        "  - {id: hello, channels: [email], template: weekly-greeting}\n"
        "  - wait: 20 hours\n"
        "  - branch:\n"
        "      - {when: orders >= 2, steps: [{id: more, channels: [sms, email], template: weekly-greeting}]}\n"
        "      - otherwise: [{id: less, channels: [email], template: weekly-greeting}]\n"
        "  - wait: {until: monday at 10:00}\n"
        "  - {id: last, channels: [email], template: weekly-greeting}\n"
    ),
    "thanks": (
        "title: Thank you\ntopic: service\naudience: everyone\n"
        "schedule: {on_event: {kind: order, after: 2 hours}}\n"
        "steps: [{id: thanks, channels: [email], template: service-notice}]\n"
    ),
    "tested": (
        "title: The better subject\ntopic: offers\npriority: 65\naudience: {country: [US, CN]}\n"
        "schedule: {at: 2026-10-31T10:00, timezone: America/New_York, late: 12 hours}\n"
        "experiment: {variants: {plain: 1, warm: 1}, winner: {by: clicked, after: 4 hours, test: 40%}}\n"
        "steps: [{id: ask, channels: [email], template: tested}]\n"
    ),
}  # fmt: skip


def week_project(folder: Path, people: int, **settings: str) -> Path:
    """The sample project with these campaigns and a base of so many, as it stands at START."""
    project = sample_project(folder)
    birthday = project / "campaigns/birthday.yaml"
    birthday.write_text(birthday.read_text().replace("status: draft", "status: active"))
    for name, text in CAMPAIGNS.items():
        (project / f"campaigns/{name}.yaml").write_text(HEAD + text)
    rules = project / "outreach.yaml"
    often = "  - {at_most: 5, per: 7 days}\n"
    rules.write_text(rules.read_text().replace("  - {at_most: 2, per: 7 days}\n", often, 1))
    limited = "  email:\n    rate: 500/second\n    per_domain: {example.com: 400/second}\n"
    rules.write_text(rules.read_text().replace("  email:\n", limited, 1))
    rules.write_text(rules.read_text() + FLOORS)
    (project / "templates/call").mkdir()
    (project / "templates/call/task.txt").write_text("Call {{ first_name or 'them' }}\n")
    (project / "templates/tested/warm").mkdir(parents=True)
    for name, text in (("subject", "Hello"), ("body", BODY), ("warm/subject", "Dear you")):
        (project / f"templates/tested/{name}.txt").write_text(text)
    _write(project / "c.csv", list(_customers(people, random.Random(7))))
    _write(project / "e.csv", list(_events(people, random.Random(11))))
    at = ("--now", (START - timedelta(hours=1)).isoformat())
    steps = (
        ("customers", "import", "c.csv", "--consent-source", "form"),
        ("run", "--until-idle"),  # campaigns are active: what comes from here on may start them
        ("events", "import", "e.csv"),
    )
    for words in steps:
        answer = outreach_here(project, *words, *at, **settings)
        assert answer.code == 0, answer.err
    return project


def _customers(number: int, chance: random.Random) -> Iterator[dict[str, str]]:
    for n in range(number):
        zone, country = ZONES[n % len(ZONES)]
        mail = f"c{n}@example.com" if n % 17 else f"home{n // 51}@example.com"
        yield {
            "key": f"C{n:04}",
            "first_name": chance.choice(["Ann", "Bo", "", "Mei"]),
            "email": mail if n % 13 else "",
            "phone": PHONES[country].format(n) if n % 3 == 0 else "",
            "timezone": zone,
            "country": country,
            "locale": chance.choice(["en", "de", "fr", "zh-CN"]),
            "owner": "tom@example.com" if n % 4 == 0 else "",
            "birthday": f"10-{29 + n % 3}" if n % 7 == 0 else f"11-0{1 + n % 5}" if n % 5 == 0 else "",
            "tags": "do-not-greet" if n % 29 == 0 else "",
            "consent.email.greetings": "yes" if n % 6 else "",
            "consent.sms.greetings": "yes" if n % 9 else "",
            "consent.task.greetings": "yes" if n % 5 else "",
            "consent.email.offers": "yes" if n % 4 else "no",
        }  # fmt: skip


def _events(number: int, chance: random.Random) -> Iterator[dict[str, str]]:
    """Orders, many of them such that their customers reach another stage within the week.

    Some are dated ahead: they come on its first day.
    """
    for n in range(0, number, 6):
        ahead = (START + timedelta(hours=1 + n % 20, minutes=n % 50)).isoformat()
        yield {"key": f"C{n:04}", "kind": "order", "at": ahead, "amount": "25", "id": f"a{n}"}
    for n in range(number):
        for order in range(n % 5):
            back = timedelta(days=chance.choice([1, 20, 55, 86, 88, 118, 176, 178]), hours=order)
            at = (START - back - timedelta(days=order * 20)).isoformat()
            yield {
                "key": f"C{n:04}",
                "kind": "order",
                "at": at,
                "amount": "25",
                "id": f"o{n}-{order}",
            }


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)


def run_hourly(project: Path, start: datetime, days: int) -> None:
    """What the command `run --until-idle --now` does, hour after hour, in this process.

    One scheduler looks after all of them, as `outreach scheduler` would.
    """
    clock = MovingClock(start)
    context = open_context(project, start.isoformat()).by(clock)
    try:
        tick = Tick(context)
        for hour in range(days * 24):
            clock.at = start + timedelta(hours=hour)
            run_here(context, until_idle=True, stop=Event(), tick=tick)
    finally:
        context.close()


def planned_in(rows: Path) -> list[tuple[str, ...]]:
    """The lines of a file of rows that were planned from START on, in an order without ids."""
    since = START.astimezone(UTC).isoformat()
    with rows.open(newline="", encoding="utf-8") as file:
        return sorted(tuple(line) for line in csv.reader(file) if line[PLANNED_AT] >= since)


def comparable(rows: Path) -> list[tuple[str, ...]]:
    """The same where workers were at it: each channel has its own, and which looks first is chance.

    So whether what takes a customer's last place has gone already or is about to (NO_PLACE) is left
    open.
    """
    found = []
    for line in planned_in(rows):
        reason = NO_PLACE.get(line[REASON], line[REASON])
        found.append((*line[:REASON], reason, *line[REASON + 1 :]))
    return sorted(found)


def reasons_in(rows: Path) -> set[str]:
    """The reasons in a file of rows."""
    with rows.open(newline="", encoding="utf-8") as file:
        return {line[REASON] for line in csv.reader(file)}


def differing(
    simulated: list[tuple[str, ...]], real: list[tuple[str, ...]], most: int = 20
) -> list[str]:
    """Lines that are in one of them alone, by customer: `-` simulated, `+` as it came; not all of many."""
    ours, theirs = Counter(simulated), Counter(real)
    found = [(row, "-") for row in (ours - theirs).elements()]
    found += [(row, "+") for row in (theirs - ours).elements()]
    told = [f"{sign} {','.join(row)}" for row, sign in sorted(found)]
    return told if len(told) <= most else [*told[:most], f"… {len(told) - most:,} more"]


def by_customer(rows: list[tuple[str, ...]]) -> Mapping[str, list[tuple[str, ...]]]:
    """The lines of each customer."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found
