"""Every rule's answer for one customer, from the same expressions that decide."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from outreach.campaign.experiment import Measure
from outreach.campaign.trials import waits_for_winner
from outreach.decisions.asking import Question, ask
from outreach.decisions.candidate import Scope
from outreach.decisions.chain import counted_rows
from outreach.decisions.details import Details
from outreach.decisions.households import settled_about
from outreach.decisions.localities import Locality
from outreach.decisions.order import Failing, channel_rules, late_rules, person_rules
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.store.sharing import sharing_with
from outreach.store.tables import customers
from outreach.vocabulary import Reason

_Numbered = tuple[int | None, Failing]  # a rule, and the number of the channel it is asked of


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule says; `channel` None: it is asked whatever the channel."""

    rule: Reason
    channel: str | None
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict on one customer with every rule's answer."""

    verdict: Verdict
    answers: tuple[Answer, ...]


def explain(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    place: Locality,
    turns: Mapping[int, datetime],
) -> Explanation:
    """All rules asked for the customer `scope.about`, also those behind the first that fails.

    `turns`: when each place is asked, that of the customer and of all who share addresses. With
    `scope.mine` as the delivery that was decided, which is left out of what it counts.
    """
    question, verdict = ask_about(conn, ruling, scope, turns)
    details = Details(conn, question, verdict, place)
    answers = [
        *_early(conn, question, details),
        *_late(conn, question, verdict.customer_id, details),
        *_awaiting(question, verdict, details),
        *_times(question, place, verdict, details),
    ]
    return Explanation(verdict, tuple(sorted(answers, key=_order)))


def ask_about(
    conn: Connection, ruling: Ruling, scope: Scope, turns: Mapping[int, datetime]
) -> tuple[Question, Verdict]:
    """The chain about the one customer of the scope, as the plan for `turns` decides."""
    about = scope.about
    if about is None:
        raise ValueError("a scope about one customer is needed")
    sharing = conn.execute(
        select(customers.c.id, customers.c.place_id, customers.c.locale).where(
            customers.c.id.in_(sharing_with(about))
        )
    ).all()
    scope = replace(scope, with_them=tuple(row.id for row in sharing))
    settled = {}
    if scope.mine is None:
        settled = settled_about(conn, ruling, scope, about, turns)
    asked = {row.place_id: turns[row.place_id] for row in sharing}
    question = ask(conn, ruling, scope, asked, lambda: {row.locale for row in sharing})
    question = replace(question, settled=settled)
    found = conn.execute(question.about_the_one(), question.values)
    return question, question.verdicts(conn, found)[0]


def _order(answer: Answer) -> int:
    return list(Reason).index(answer.rule)


def _early(conn: Connection, question: Question, details: Details) -> list[Answer]:
    """What the rules about the person and their addresses say."""

    def made() -> Select[Any]:
        candidate = question.candidate()
        rules: list[_Numbered] = [(None, rule) for rule in person_rules(candidate)]
        rules += [(n, rule) for n in candidate.numbers for rule in channel_rules(candidate, n)]
        return _asked(rules).select_from(candidate.joined()).where(candidate.is_the_one)

    return [
        _answer(rule, channel, failed, details)
        for rule, channel, failed in _said(conn, question, question.kept("early rules", made))
    ]


def _late(conn: Connection, question: Question, customer_id: int, details: Details) -> list[Answer]:
    """What cadence and duplicates say, by channel."""

    def made() -> Select[Any]:
        candidate = question.candidate()
        counted = counted_rows(candidate)
        rules = [
            (n, rule)
            for n in candidate.numbers
            for rule in _merged([rule for rule, _ in late_rules(candidate, counted, n)])
        ]
        return _asked(rules).where(counted.c.id == candidate.marks.about_id)

    settled = question.settled.get(customer_id)
    by_others = settled.fails if settled else {}  # what others' messages of the same run fill
    return [
        _answer(rule, channel, failed or by_others.get(channel or "") is rule, details)
        for rule, channel, failed in _said(conn, question, question.kept("late rules", made))
    ]


def _asked(rules: Iterable[_Numbered]) -> Select[Any]:
    """Whether each rule fails, in a column whose name says the channel's number and the reason."""
    columns: list[ColumnElement[Any]] = [
        rule.fails.label(f"{place}:{'' if number is None else number}:{rule.reason.value}")
        for place, (number, rule) in enumerate(rules)
    ]
    return select(*columns)


def _said(
    conn: Connection, question: Question, query: Select[Any]
) -> Iterator[tuple[Reason, str | None, bool]]:
    """Each rule, the channel that it was asked of, and whether it fails."""
    found = conn.execute(query, question.values)
    for name, failed in zip(found.keys(), found.one(), strict=True):
        _, number, reason = name.split(":")
        channel = question.ruling.channels[int(number)] if number else None
        yield Reason(reason), channel, bool(failed)


def _merged(rules: Sequence[Failing]) -> list[Failing]:
    """One answer a reason: caps of the channel and over all channels are one rule to a reader."""
    found: dict[Reason, Failing] = {}
    for rule in rules:
        if rule.reason in found:
            rule = Failing(rule.reason, found[rule.reason].fails | rule.fails)  # noqa: PLW2901
        found[rule.reason] = rule
    return list(found.values())


def _answer(rule: Reason, channel: str | None, failed: bool, details: Details) -> Answer:
    return Answer(rule, channel, not failed, details.of(rule, channel, failed=failed))


def _awaiting(question: Question, verdict: Verdict, details: Details) -> list[Answer]:
    """Whether the customer waits for the better variant; nothing where none is chosen."""
    winner, due_at = question.ruling.campaign.winner, question.scope.winner_at
    if winner is None:
        return []
    waits = verdict.variant is None
    said = f"gets `{verdict.variant}`"
    if not waits_for_winner(question.ruling.campaign):
        return [Answer(Reason.AWAITING_WINNER, None, True, f"{said}: in a journey nobody waits")]
    if waits and due_at is not None:
        which = f"that is {winner.by} more"
        if winner.by is Measure.GOAL:
            which = "with which more reach the goal"
        said = f"waits for the variant {which}, chosen {details.local(due_at)}"
    elif question.scope.winner is None:
        said = f"one of the {winner.test / 100:g}% on whom variants are tried: {said}"
    return [Answer(Reason.AWAITING_WINNER, None, not waits, said)]


def _times(question: Question, place: Locality, verdict: Verdict, details: Details) -> list[Answer]:
    grid, asked_at = question.ruling.grid, verdict.asked_at
    row, due_at = grid.row(place, asked_at), question.scope.winner_at
    if due_at is not None and question.ruling.campaign.winner and verdict.variant is None:
        row = grid.waiting_row(place, asked_at, due_at)
    found = []
    for channel, group in zip(question.ruling.channels, grid.groups, strict=True):
        opening = row.openings[group]
        for rule in details.clocks.rules():
            failed = details.clocks.fails(rule, channel, opening)
            said = details.clocks.of(rule, channel, opening, failed=failed)
            found.append(Answer(rule, channel, not failed, said))
    return found
