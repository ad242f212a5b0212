"""A campaign's file: what it says, what is refused, and with which words."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.campaign.load import load_campaign
from outreach.campaign.model import Campaign, Expression, Place, Schedule, ScheduleKind, Selection
from outreach.campaign.schema import campaign_schema
from outreach.settings.company import Brand, Company, Topic
from outreach.spans import Cap, DaySpan, Per, PerKind
from outreach.vocabulary import Status

COMPANY = Company(
    brand=Brand(name="Harbour Tea"),
    topics={"greetings": Topic(), "offers": Topic(), "service": Topic(transactional=True)},
)
FILE = "campaigns/friday.yaml"
ONLY_THIS = (
    "it counts messages of all campaigns; to leave out who got one of them write under `audience`"
)
PARTS = {
    "owner": "owner: mei@example.com\n",
    "topic": "topic: greetings\n",
    "audience": "audience: everyone\n",
    "schedule": "schedule: {manual: true}\n",
    "steps": "steps: [{id: greet, channels: [sms], template: friday}]\n",
}
MINIMAL = "".join(PARTS.values())


def campaign(text: str) -> Campaign:
    found, problems = load_campaign("friday", FILE, text.encode(), COMPANY)
    assert problems == []
    assert found is not None
    return found


def lines(text: str) -> list[str]:
    found, problems = load_campaign("friday", FILE, text.encode(), COMPANY)
    assert (found is None) is bool(problems)
    return [str(problem) for problem in problems]


def with_part(**parts: str) -> str:
    """The smallest campaign, with some of its parts written otherwise, each in the last lines."""
    kept = "".join(part for key, part in PARTS.items() if key not in parts)
    return kept + "\n".join(parts.values())


def schedule(text: str) -> Schedule:
    return campaign(with_part(schedule=f"schedule: {{{text}}}")).schedule


def test_what_is_left_out_has_the_contracts_defaults() -> None:
    found = campaign(MINIMAL)

    assert (found.title, found.status, found.priority) == ("friday", Status.DRAFT, 50)
    assert (found.when_capped, found.on_unknown, found.holdout) == ("skip", "keep", 0)
    assert (found.cadence, found.exclude, found.audience) == ((), None, Selection())
    assert found.schedule == Schedule(ScheduleKind.MANUAL)
    assert found.schedule.late == timedelta(hours=24)


def test_a_full_campaign_says_what_it_says() -> None:
    found = campaign(
        "title: Friday greeting\nowner: mei@example.com\ntopic: service\nstatus: active\n"
        "priority: 7\naudience:\n  stage: [growth, maturity]\n  tier: A\n  country: [NO, DE]\n"
        "  locale: zh-Hans\n  tags: vip\n  exclude: {owner: tom@example.com}\n"
        "schedule: {manual: true}\ncadence: [{at_most: 1, per: 7 days, channel: sms}]\n"
        "when_capped: hold\non_unknown: resend\nexperiment: {holdout: 12.5%}\n"
        "steps: [{id: greet, channels: [sms, email], template: friday/warm}]\n"
    )

    assert (found.title, found.status, found.priority) == ("Friday greeting", Status.ACTIVE, 7)
    assert found.audience == Selection(
        ("growth", "maturity"), ("A",), (), ("vip",), ("NO", "DE"), ("zh-Hans",)
    )
    assert found.exclude == Selection(owner=("tom@example.com",))
    assert found.cadence == (Cap(1, Per(PerKind.DAYS, 7), "sms"),)
    assert (found.when_capped, found.on_unknown, found.holdout) == ("hold", "resend", 1250)
    assert (found.steps[0].channels, found.steps[0].template) == (("sms", "email"), "friday/warm")


@pytest.mark.parametrize(
    ("text", "where", "place"),
    [
        ("audience: tier == 'A'", "tier == 'A'", (5, 11)),
        ("audience: {where: \"tier == 'A'\"}", "tier == 'A'", (5, 20)),
        (
            "audience:\n  where: orders > 1\n    and spend > 5",
            "orders > 1\nand spend > 5",
            (6, 10),
        ),
        ("audience:\n  where: |\n    orders > 1", "orders > 1", (7, 5)),
        ("audience:\n  where: >-\n\n    orders\n    > 1", "orders\n> 1", (8, 5)),
    ],
)
def test_an_expression_keeps_the_place_of_its_first_character(
    text: str, where: str, place: tuple[int, int]
) -> None:
    found = campaign(with_part(audience=text)).audience.where

    assert found == Expression(where, Place("", 0, 0))
    assert found is not None
    assert found.place == Place(FILE, *place)


def test_exclude_and_when_are_expressions_too() -> None:
    found = campaign(
        with_part(
            audience="audience: {tier: A, exclude: orders > 9}",
            steps="steps: [{id: a, channels: sms, template: t, when: orders > 1}]",
        )
    )

    assert found.exclude is not None
    assert found.exclude.where == Expression("orders > 9", Place("", 0, 0))
    assert found.exclude.where.place == Place(FILE, 4, 30)
    assert found.steps[0].when is not None
    assert found.steps[0].when.place == Place(FILE, 5, 51)


def test_a_cron_schedule_with_all_its_limits() -> None:
    found = schedule(
        'cron: "0  17 * * FRI", timezone: Europe/Berlin, window: "09:00-20:00", days: mon-fri, '
        "starts: 2026-01-01, ends: 2026-12-31, late: 6 hours, holidays: ignore"
    )

    assert found == Schedule(
        ScheduleKind.CRON,
        cron="0 17 * * FRI",
        timezone="Europe/Berlin",
        window=DaySpan(time(9), time(20)),
        days=frozenset(range(5)),
        starts=date(2026, 1, 1),
        ends=date(2026, 12, 31),
        late=timedelta(hours=6),
    )


def test_at_is_a_local_time_unless_it_has_an_offset() -> None:
    local = schedule("at: 2026-12-24T09:00")
    instant = schedule("at: 2026-12-24T09:00+08:00")

    assert (local.at_local, local.timezone) == (datetime(2026, 12, 24, 9), "customer")  # noqa: DTZ001
    assert instant.at == datetime(2026, 12, 24, 1, tzinfo=UTC)
    assert (instant.at_local, instant.timezone) == (None, "UTC")


@pytest.mark.parametrize("key", ["owner", "topic", "audience", "schedule", "steps"])
def test_five_keys_must_be_written(key: str) -> None:
    said = lines("".join(part for name, part in PARTS.items() if name != key))

    assert len(said) == 1
    assert said[0].startswith(f"{FILE}:1:1: `{key}` is missing; write for example `{key}: ")


def test_an_approval_is_none_one_or_two() -> None:
    assert "did you mean `two`?" in lines(f"{MINIMAL}approval: twoo\n")[0]


def test_days_under_another_key_are_refused_with_how_they_are_written() -> None:
    assert lines(with_part(schedule="schedule: {on: friday at 17:00}")) == [
        f"{FILE}:5:12: unknown key `on`; write for example `every: friday at 17:00`, `every: day at "
        "09:30`; for one day `at: 2026-12-24T09:00`"
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cadance: []", "6:1: unknown key `cadance`; did you mean `cadence`?"),
        ("exclude: x", "6:1: unknown key `exclude`; it belongs under `audience`"),
        ("tasks: {}", "6:1: unknown key `tasks`; it belongs in outreach.yaml"),
        ("holdout: 5%", "6:1: unknown key `holdout`; it belongs under `experiment`"),
        ("status: activ", "6:9: `status` can not be `activ`; did you mean `active`?"),
        ("priority: 101", "6:11: `priority` is 101; it must be at most 100"),
        (
            "priority: high",
            "6:11: `priority` must be a whole number, not text; write for example `50`",
        ),
        ("when_capped: drop", "6:14: `when_capped` can not be `drop`; it can be `hold`, `skip`"),
        (
            "on_unknown: resend",
            "6:13: only a transactional topic may be sent again when nobody knows if it arrived; "
            "write `keep`",
        ),
        (
            "cadence: none",
            "6:10: a campaign can only add limits to the company's; take `cadence` out of the campaign",
        ),
        (
            "cadence: [{at_most: 1, per: 7 days, topic: ofers}]",
            "6:44: there is no topic `ofers`; did you mean `offers`?",
        ),
        (
            "cadence: [{at_most: 1, per: 7 days, channel: fax}]",
            "6:46: there is no channel `fax`; there are `email`, `sms`; or add it to `channels` in outreach.yaml",
        ),
        ("experiment: {holdout: 10}", "6:23: this must be a share; write for example `10%`"),
        (
            "experiment: {}",
            "6:1: `experiment` says nothing; write `holdout: 10%` or `variants: {plain: 1, warm: 1}`, or take it out",
        ),
        (
            "experiment: {variants: {}}",
            "6:14: one variant alone is compared with nothing; name another one: `{plain: 1, warm: 1}`",
        ),
        (
            "experiment: {variants: {plain: 1}}",
            "6:14: one variant alone is compared with nothing; name another one: `{plain: 1, warm: 1}`",
        ),
        (
            "experiment: {variants: [plain, warm]}",
            "6:24: each variant needs its share; write `{plain: 1, warm: 1}`: equal shares",
        ),
        (
            "experiment: {variants: warm}",
            "6:24: one variant alone is compared with nothing; write `{plain: 1, warm: 1}`",
        ),
        (
            "experiment: {variants: {plain: 0, warm: 1}}",
            "6:32: `plain` is 0; it must be at least 1",
        ),
        (
            "experiment: {variants: {plain: 50%, warm: 1}}",
            "6:32: `plain` must be a whole number, not text; write for example `50`",
        ),
        (
            "experiment: {variants: {a: 1, b: 10000}}",
            "6:28: `a` would get less than one customer in 10,000; write a larger share, or take it out",
        ),
        (
            "experiment: {variants: {a/b: 1, warm: 1}}",
            "6:25: `a/b` can not be a name; use letters, digits, `-` and `_`, at most 80, a letter or digit first",
        ),
        ("title:", "6:7: `title` is empty; write a value, or take it out"),
        ("title: 2026", '6:8: `title` must be text, not a number; put it in quotes: "2026"'),
    ],
)
def test_a_fault_is_refused_at_its_place(text: str, line: str) -> None:
    assert lines(f"{MINIMAL}{text}\n") == [f"{FILE}:{line}"]


@pytest.mark.parametrize(
    ("part", "text", "line"),
    [
        ("topic", "topic: greetngs", "5:8: there is no topic `greetngs`; did you mean `greetings`?"),
        ("topic", "topic: yoga", "5:8: there is no topic `yoga`; there are `greetings`, `offers`, `service`; or add it to `topics` in outreach.yaml"),
        ("audience", "audience: {}", "5:1: `audience` says nothing; for everyone write `audience: everyone`"),
        ("audience", "audience: {stage: }", "5:18: `stage` is empty; write a value, or take it out"),
        (
            "audience",
            "audience:\n  tier: A\n  exclude:\n  tags: [do-not-greet]",
            "7:11: `exclude` is empty: `tags` stands beside it, not under it; indent what belongs "
            "under it by two spaces, or take it out",
        ),
        (
            "audience",
            "audience:\n  exclude:\n\n  # all others\n  tags: a",
            "6:11: `exclude` is empty: `tags` stands beside it, not under it; indent what belongs "
            "under it by two spaces, or take it out",
        ),
        (
            "audience",
            "audience: {stage: []}",
            "5:19: this list is empty; write at least one, or take the key out",
        ),
        ("audience", "audience: {stages: x}", "5:12: unknown key `stages`; did you mean `stage`?"),
        (
            "audience",
            "audience: {country: no}",
            "5:21: `no` is no country's two letters; did you mean `NO`?",
        ),
        ("audience", "audience: {tags: [a, a]}", "5:18: `a` is named twice; keep one of them"),
        (
            "audience",
            "audience: {where: true}",
            '5:19: `where` must be text, not `true`; put it in quotes: "true"',
        ),
        (
            "audience",
            "audience: {tier: A, exclude: {}}",
            "5:21: this picks nobody in particular; name somebody, or take it out",
        ),
        (
            "audience",
            "audience: [a]",
            "5:11: `audience` must be a group of keys, not a list; write each as `key: value` on its "
            "own line, indented",
        ),
        (
            "schedule",
            "schedule: {late: 6 hours}",
            "5:1: `schedule` does not say when; write one of `cron`, `every`, `at`, `on_date`, `on_holiday`, `on_event`, `on_stage`, `idle`, `manual: true`",
        ),
        (
            "schedule",
            "schedule: {manual: true, at: 2026-01-01T10:00}",
            "5:20: `at` and `manual` stand together; keep one",
        ),
        ("schedule", "schedule: {manual: false}", "5:20: `manual` can only be `true`; take it out, or write `manual: true`"),
        (
            "schedule",
            "schedule: {cron: 0 25 * * *}",
            '5:18: `25` is no hour of cron; write for example "0 17 * * FRI" for Fridays at 17:00',
        ),
        (
            "schedule",
            "schedule: {cron: 0 17 * *}",
            "5:18: `0 17 * *` has 4 fields, cron has 5; write minute, hour, day, month and weekday, "
            'for example "0 17 * * FRI"',
        ),
        (
            "schedule",
            "schedule: {cron: 0 0 31 2 *}",
            "5:18: `0 0 31 2 *` never comes: there is no day `31` in month `2`; name a day that exists",
        ),
        (
            "schedule",
            "schedule: {at: tomorrow}",
            "5:16: `tomorrow` is no date and time; write for example `2026-12-24T09:00`",
        ),
        (
            "schedule",
            "schedule: {at: 2026-02-30T09:00}",
            "5:16: `2026-02-30T09:00` does not exist; look at a calendar",
        ),
        (
            "schedule",
            "schedule: {at: 0001-01-01T09:00+14:00}",
            "5:16: `0001-01-01T09:00+14:00` is too far away; write a year from 1970 to 2199",
        ),
        (
            "schedule",
            "schedule: {at: 2026-01-01T09:00Z, timezone: customer}",
            "5:45: `at` has an offset already; keep one: the offset in `at`, or `timezone`",
        ),
        (
            "schedule",
            "schedule: {at: 2026-01-01T09:00, ends: 2025-12-31}",
            "5:16: `at` is not between `starts` and `ends`; take `starts` and `ends` out",
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, starts: 2026-02-01, ends: 2026-01-01}",
            "5:55: `ends` is before `starts`; write 2026-02-01 or later",
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, starts: 1.2.2026}",
            "5:37: `1.2.2026` is no date; write `2026-02-01`",
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, timezone: Berlin}",
            "5:39: there is no time zone `Berlin`; did you mean `Europe/Berlin`?",
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, window: 9-17}",
            '5:37: `9` is no time of day; write `"09:00-17:00"`',
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, days: weekdays}",
            "5:35: `weekdays` is no day of the week; write `mon-fri`",
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, late: soon}",
            "5:35: `soon` is no span; write for example `36 hours` or `7 days`",
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, late: 0 days}",
            "5:35: `0 days` is no time at all; write for example `6 hours`",
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * *, holidays: next workday}",
            "5:39: `holidays` can not be `next workday`; did you mean `next_workday`?",
        ),
        ("steps", "steps: []", "5:8: `steps` has nothing in it; write at least one"),
        (
            "steps",
            "steps: [{id: a, channels: sms}]",
            "5:9: `template` is missing; write for example `template: friday-greeting`",
        ),
        (
            "steps",
            "steps: [{id: a, channels: [sms, emial], template: t}]",
            "5:33: there is no channel `emial`; did you mean `email`?",
        ),
        (
            "steps",
            "steps: [{id: a, channels: task, template: t}]",
            "5:27: there is no channel `task`; there are `email`, `sms`; or add "
            "`task: {adapter: task}` to `channels` in outreach.yaml",
        ),
        (
            "steps",
            "steps: [{id: a, channels: [push], template: t}]",
            "5:28: channel `push` is not supported yet; take it out for now",
        ),
        (
            "steps",
            "steps: [{id: a, channels: call, template: t}]",
            "5:27: channel `call` is not supported yet; for a person to do it write `channels: "
            "[task]`, and `call: …` as the first line of `task.txt`; see docs/tasks.md",
        ),
        (
            "steps",
            "steps: [{id: a, channels: [sms, sms], template: t}]",
            "5:27: `sms` is named twice; keep one of them",
        ),
        (
            "steps",
            "steps: [{id: a, channels: sms, template: ../../etc}]",
            "5:42: `../../etc` can not be a template; name a folder under templates/",
        ),
        (
            "steps",
            "steps: [{id: a b, channels: sms, template: t}]",
            "5:14: `a b` can not be a name; use letters, digits, `-` and `_`, at most 80, a letter "
            "or digit first",
        ),
    ],
)  # fmt: skip
def test_a_faulty_part_is_refused_at_its_place(part: str, text: str, line: str) -> None:
    assert lines(with_part(**{part: text})) == [f"{FILE}:{line}"]


@pytest.mark.parametrize(
    ("part", "text", "line"),
    [
        (
            "schedule",
            "schedule: {at: 1.12.2026 9:00}",
            "5:16: `1.12.2026 9:00` is no date and time; write `2026-12-01T09:00`",
        ),
        (
            "schedule",
            "schedule: {at: 2026-12-01}",
            "5:16: `2026-12-01` is no date and time; write `2026-12-01T09:00`",
        ),
        (
            "schedule",
            "schedule: {manual: true, window: 9:00-20:00}",
            '5:34: `9:00` is no time of day; write `"09:00-20:00"`',
        ),
        (
            "schedule",
            "schedule: {manual: true, window: 9am to 8 pm}",
            '5:34: `9am to 8 pm` is no span of the day; write `"09:00-20:00"`',
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * Monday}",
            '5:18: `Monday` is no day-of-week of cron; write "0 9 * * MON"',
        ),
        (
            "schedule",
            "schedule: {cron: 0 9 * * MO-FR}",
            '5:18: `MO-FR` is no day-of-week of cron; write "0 9 * * MON-FRI"',
        ),
        (
            "schedule",
            "schedule: {manual: true, late: two weeks}",
            "5:32: `two weeks` is no span; write `14 days`",
        ),
        (
            "schedule",
            "schedule: {manual: true, late: 1 month}",
            "5:32: `1 month` is no span; write `30 days`",
        ),
        (
            "schedule",
            "schedule: {on_event: {kind: order, after: zwei Monate}}",
            "5:43: `zwei Monate` is no span; write `60 days`",
        ),
        (
            "schedule",
            "schedule: {idle: 2 months}",
            "5:18: since when is not said; write `idle: {since: last_contact_at, for: 60 days}`",
        ),
        (
            "schedule",
            "schedule: {manual: yes}",
            "5:20: `manual` must be `true` or `false`, not text; write `true`",
        ),
        (
            "schedule",
            "schedule: manual",
            "5:11: `schedule` must be a group of keys, not text; write `schedule: {manual: true}`",
        ),
        (
            "schedule",
            "schedule: 0 9 * * MON",
            "5:11: `schedule` must be a group of keys, not text; "
            'write `schedule: {cron: "0 9 * * MON"}`',
        ),
        (
            "schedule",
            "schedule: {manual: true, days: not sunday}",
            "5:32: `not sunday` is no day of the week; name the days that are meant: `mon-sat`",
        ),
        (
            "schedule",
            "schedule: {manual: true, days: except Wed}",
            "5:32: `except Wed` is no day of the week; name the days that are meant: `thu-tue`",
        ),
        (
            "schedule",
            "schedule: {manual: true, days: daily}",
            "5:32: `daily` is no day of the week; take the key out: every day is meant then",
        ),
        (
            "cadence",
            "cadence: {at_most: 1, per: 7 days}",
            "6:1: `cadence` must be a list, not a group of keys; "
            "write `cadence:` and below it `  - {at_most: 1, per: 7 days}`",
        ),
        (
            "cadence",
            "cadence: {at_most: 1, per: month, channel: sms}",
            "6:1: `cadence` must be a list, not a group of keys; write `cadence:` and below it "
            "`  - {at_most: 1, per: calendar month, channel: sms}`",
        ),
        (
            "cadence",
            "cadence: {at_most: 1, per: 30 days, campaign: spring}",
            f"6:1: `cadence` must be a list, not a group of keys; {ONLY_THIS} "
            "`exclude: received('spring', days(30))`",
        ),
        (
            "cadence",
            "cadence: [{at_most: 1, per: 30 days, campaign: spring}]",
            f"6:38: unknown key `campaign`; {ONLY_THIS} `exclude: received('NAME', days(30))`",
        ),
        (
            "audience",
            "audience: {exclude: [orders > 1, opted_out]}",
            '5:21: this must be one expression, not a list; join them with `or`: `"(orders > 1) or opted_out"`',
        ),
        (
            "audience",
            "audience: {where: spend > 1,000, tier: A}",
            "5:29: unknown key `000`; between `{ }` a `,` begins a new key: write `where: spend > 1000`",
        ),
        (
            "audience",
            "audience: {country: DE, AT}",
            "5:25: unknown key `AT`; several values need brackets: `country: [DE, AT]`",
        ),
        (
            "audience",
            "audience: {key: [C00007]}",
            "5:12: unknown key `key`; it is asked in an expression, as in `where: key in ['C00007', "
            "'C00042']`; to write to a few once: `outreach send NAME --to C00007`",
        ),
        (
            "audience",
            "audience: {exclude: [do-not-greet]}",
            "5:21: this must be a group of keys, not a list; to name tags write `{tags: [do-not-greet]}`",
        ),
        (
            "audience",
            "audience: {exclude: [staff, test]}",
            "5:21: this must be one expression, not a list; to name tags write `{tags: [staff, test]}`; "
            'or join them with `or`: `"staff or test"`',
        ),
        (
            "audience",
            "audience:\n  where:\n    - orders > 1\n    - spend > 5",
            '7:5: this must be one expression, not a list; join them with `and`: `"(orders > 1) and (spend > 5)"`',
        ),
        (
            "audience",
            "audience: [orders > 1, spend > 5]",
            '5:11: this must be one expression, not a list; join them with `and`: `"(orders > 1) and (spend > 5)"`',
        ),
        (
            "audience",
            "audience:\n  stage: maturity, growth",
            "6:10: several stages are a list; write `[maturity, growth]`",
        ),
        (
            "audience",
            "audience:\n  exclude:\n    stage: maturity or growth",
            "7:12: several stages are a list; write `[maturity, growth]`",
        ),
        (
            "audience",
            "audience:\n  country: DE, AT, CH",
            "6:12: several countries are a list; write `[DE, AT, CH]`",
        ),
        (
            "audience",
            "audience:\n  tags: tea and cake, vip",
            "6:9: several tags are a list; write `[tea and cake, vip]`",
        ),
        (
            "steps",
            "steps: [{id: a, channels: email else sms, template: t}]",
            "5:27: several channels are a list; write `[email, sms]`: the first on which the customer "
            "can be reached",
        ),
        (
            "schedule",
            "schedule: {cron: “0 10 * * MON”}",
            '5:18: `“0 10 * * MON”` has quotes that can not be read; type straight quotes: `"0 10 * * MON"`',
        ),
        (
            "schedule",
            "schedule: {date: 2026-12-24}",
            "5:12: unknown key `date`; date and time are one key: `at: 2026-12-24T09:00`",
        ),
        (
            "audience",
            "audience: {tier: A, consent: sms}",
            "5:21: unknown key `consent`; it is asked by itself for every message, by the campaign's "
            "`topic`: take it out",
        ),
        (
            "audience",
            "audience: {orders: 3}",
            "5:12: unknown key `orders`; it is asked in an expression, as in `where: orders >= 2`",
        ),
        (
            "schedule",
            'schedule: {at: "10:00"}',
            '5:16: `10:00` is a time of day without a date; for each day write `cron: "0 10 * * *"`; '
            "for one day `at: 2026-12-24T10:00`; of `on_date` and `on_holiday` it stands within them",
        ),
        (
            "schedule",
            "schedule: {on_date: [{field: birthday}, {field: wedding}]}",
            "5:21: `on_date` is one day, not a list; for a later message write a `wait` behind the first, "
            "for another day a campaign of its own",
        ),
        (
            "schedule",
            "schedule: {cron: daily}",
            '5:18: `daily` is not how cron says it; write `cron: "0 10 * * *"`',
        ),
        (
            "schedule",
            "schedule: {cron: every Friday}",
            '5:18: `every Friday` is not how cron says it; write `cron: "0 10 * * FRI"`',
        ),
        (
            "schedule",
            "schedule: {manual: true, timezone: local}",
            "5:36: there is no time zone `local`; for each customer's own clock write `customer`",
        ),
        (
            "steps",
            "steps: [{id: a, channels: email or sms, template: t}]",
            "5:27: several channels are a list; write `[email, sms]`: the first on which the customer "
            "can be reached",
        ),
        (
            "cadence",
            "cadence: [{at_most: 1, per: 14 Tage}]",
            "6:29: `14 Tage` is no window; write `14 days`",
        ),
        (
            "topic",
            "topic: transactional",
            "5:8: there is no topic `transactional`; a topic is made transactional in "
            "outreach.yaml; here write one that is: `service`",
        ),
        (
            "transactional",
            "transactional: true",
            "6:1: unknown key `transactional`; a topic is made transactional in outreach.yaml; "
            "here write `topic: …`",
        ),
        (
            "subject",
            "subject: Hello",
            "6:1: unknown key `subject`; the text stands in the template's files, in "
            "templates/NAME/",
        ),
        (
            "steps",
            "steps: [{id: a, channels: sms, template: t, text: Hello}]",
            "5:45: unknown key `text`; the text stands in the template's files, in templates/NAME/",
        ),
    ],
)
def test_a_value_in_another_form_is_told_in_the_right_one(part: str, text: str, line: str) -> None:
    assert lines(with_part(**{part: text})) == [f"{FILE}:{line}"]


def test_a_mistyped_key_is_one_problem_and_not_a_missing_key_besides() -> None:
    assert lines(MINIMAL.replace("owner:", "ownr:")) == [
        f"{FILE}:1:1: unknown key `ownr`; did you mean `owner`?"
    ]


def test_everything_wrong_is_said_at_once_in_order() -> None:
    said = lines(
        "owner: mei\ntopic: yoga\nstatus: on\naudience: {stag: x}\n"
        "schedule: {cron: x}\nsteps:\n- {id: a, channels: fax, template: t}\n- {wait: a day}\n"
        "goal: x\npriority: -1\nowner: tom\n"
    )

    assert [int(line.split(":")[1]) for line in said] == [2, 3, 4, 5, 7, 8, 9, 10, 11]


def test_without_a_company_its_names_are_not_looked_up() -> None:
    found, problems = load_campaign("friday", FILE, MINIMAL.encode(), None)

    assert problems == []
    assert found is not None


def test_the_contracts_own_example_wants_only_what_this_company_lacks() -> None:
    content = (Path(__file__).parent / "contract_example.yaml").read_bytes()

    _, problems = load_campaign("friday", FILE, content, COMPANY)

    assert {problem.message.split("`")[1] for problem in problems} == {"task"}


def test_the_schema_says_something_of_every_key() -> None:
    schema = campaign_schema()

    assert set(schema["required"]) == set(PARTS)
    for model in (schema, *schema["$defs"].values()):
        assert [
            key for key, each in model.get("properties", {}).items() if "description" not in each
        ] == []


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(PARTS)), st.text("{}[]: \n-'ax1,%*?", max_size=40))
def test_no_text_makes_it_raise(part: str, text: str) -> None:
    found, problems = load_campaign(
        "friday", FILE, with_part(**{part: f"{part}: {text}"}).encode(), COMPANY
    )

    assert (found is None) is bool(problems)
