"""The ledger of consent: one word, a file of them, and how a customer stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from outreach.app.context import Context
from outreach.app.customers import Progress, no_customer
from outreach.app.person import person
from outreach.app.project import save_rules
from outreach.documents import did_you_mean
from outreach.errors import UsageError
from outreach.imports import ConsentsResult, Options, import_consents
from outreach.imports.fields import known_channels
from outreach.store.acknowledgement import acknowledged, all_acknowledged
from outreach.store.consent_history import Standing, StoredWord, standing, words
from outreach.store.consents import Recorded, Word, record_consents
from outreach.store.customers import by_keys
from outreach.store.engine import reading, writing
from outreach.store.keys import ids_in_force
from outreach.store.listed_suppressions import Listed, listed_of
from outreach.vocabulary import ConsentState


@dataclass(frozen=True, slots=True)
class Said:
    """One word as a person gives it; `at` None: now."""

    key: str
    channel: str
    topic: str
    state: ConsentState
    source: str
    proof: str | None = None
    at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """How a customer stands on each channel and topic, every word, the newest first, and which of
    its addresses are never used whatever it said."""

    key: str
    standing: list[Standing]
    words: list[StoredWord]
    suppressions: list[Listed]


def say(context: Context, said: Said) -> Recorded:
    """Record one word; a withdrawal holds at once, for claimed deliveries too.

    Of a withdrawal it returns when no message against it begins any more: up to two seconds.
    """
    company, now = context.company(), context.now()
    _must_know("channel", said.channel, known_channels(company))
    _must_know("topic", said.topic, company.topics)
    if not said.source.strip():
        raise UsageError("a word of consent needs its source", "say where it was given")
    if said.at is not None and said.at > now:
        raise UsageError("the word is dated in the future", "leave `--at` out for now")
    if said.expires_at is not None and said.expires_at <= (said.at or now):
        message = "the yes would have ended before it was said: `expires_at` is not after `at`"
        raise UsageError(message, "give `--expires` a later date")
    save_rules(context)
    with writing(context.engine) as conn:
        id_ = ids_in_force(conn, [said.key]).get(said.key)
        if id_ is None:
            raise no_customer(said.key)
        word = Word(
            id_, said.channel, said.topic, said.state, said.at or now, said.source.strip(),
            said.proof, said.expires_at, recorded_by=person(),
        )  # fmt: skip
        recorded = record_consents(conn, [word], now)
    if said.state is ConsentState.WITHDRAWN:
        acknowledged(context.engine, [id_], said.channel)
    return recorded


def import_consent_file(
    context: Context, path: Path, options: Options, progress: Progress | None = None
) -> ConsentsResult:
    """Record the words of a file; returns when no message against them begins any more."""
    company = context.company()
    if not options.dry_run:
        save_rules(context)
    found = import_consents(context.engine, path, company, context.now(), options, progress)
    if not options.dry_run:
        all_acknowledged(context.engine)
    return found


def ledger_of(context: Context, key: str) -> Ledger:
    """A customer's words of consent, and its suppressions; UsageError where there is no such customer."""
    with reading(context.engine) as conn:
        id_ = by_keys(conn, [key]).get(key)
        if id_ is None:
            raise no_customer(key)
        now = context.now()
        stopped = listed_of(conn, id_, now)
        return Ledger(key, standing(conn, id_, now), words(conn, id_), stopped)


def _must_know(what: str, name: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if name not in names:
        hint = did_you_mean(name, names, listing="there are")
        raise UsageError(f"there is no {what} `{name}`", hint)
