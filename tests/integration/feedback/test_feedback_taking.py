"""What follows from mails that come back: for the delivery, its address, its run, its customer."""

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import mails
import pytest
from dispatching import rows
from mails import recipient_fields
from makers import NOW, make_customer, make_delivery, make_run, make_worker
from sqlalchemy import Engine, func, select, update

from outreach import tokens
from outreach.app.held_channels import told
from outreach.channels.email.return_path import return_path
from outreach.clock import Instants
from outreach.feedback.notice import Kind
from outreach.feedback.origin import Seal
from outreach.feedback.taking import Mailroom, Taken
from outreach.settings.company import ChannelSettings, ComplaintsAt, HoldAt
from outreach.store import channel_holds, run_answers
from outreach.store.channel_holds import ChannelHold
from outreach.store.engine import reading, writing
from outreach.store.run_answers import Final
from outreach.store.suppressions import lift_reason
from outreach.store.tables import channel_holds as channel_holds_table
from outreach.store.tables import deliveries as table
from outreach.store.tables import events, feedback_mails, receipts, runs, suppressions
from outreach.tokens import Purpose
from outreach.vocabulary import Fault, State

KEYS = ["k" * 40]
MAILBOX = "bounces@mail.example.com"
LEFT_OUT = ChannelSettings()
SECOND = timedelta(seconds=1)
HARD, FULL, POLICY = (recipient_fields("failed", each) for each in ("5.1.1", "5.2.2", "5.7.1"))


@dataclass(frozen=True)
class Desk:
    """A mailroom on a database."""

    engine: Engine
    rules: ChannelSettings = LEFT_OUT

    def take(self, raw: bytes, days: int = 0, recipient: str | None = None) -> Taken:
        at = NOW + timedelta(days=days)
        room = Mailroom(self.engine, Seal(KEYS, MAILBOX), self.rules)
        return room.take(raw, Instants(at, at), recipient)

    def make(self, state: str = "sent", key: str = "a", **columns: Any) -> int:
        with writing(self.engine) as conn:
            customer = make_customer(conn, key, email=f"{key}@example.com")
            address = {"address": f"{key}@example.com"}
            return make_delivery(conn, customer, state, **address | columns)

    def suppressed(self) -> dict[str, str]:
        with reading(self.engine) as conn:
            t = suppressions.c
            return dict(conn.execute(select(t.address, t.reason)).all())

    def count(self, table: Any) -> int:
        with reading(self.engine) as conn:
            return conn.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def desk(sqlite_engine: Engine) -> Desk:
    return Desk(sqlite_engine)


@pytest.fixture
def any_desk(engine: Engine) -> Desk:
    """On either database: for what is written, locked and counted."""
    return Desk(engine)


def path_of(id_: int, keys: list[str] = KEYS) -> str:
    return return_path(MAILBOX, tokens.sign(keys, Purpose.BOUNCE, id_))


def named(id_: int) -> str:
    return f"<{tokens.sign(KEYS, Purpose.MESSAGE, id_)}@example.com>"


def test_a_hard_bounce_suppresses_at_once_and_frees_the_slot(any_desk: Desk) -> None:
    id_ = any_desk.make()

    taken = any_desk.take(mails.notification(path_of(id_), HARD))

    row = rows(any_desk.engine)[id_]
    assert taken == Taken(
        Kind.BOUNCED, "5.1.1", id_, True, state=State.BOUNCED, suppressed="hard_bounce"
    )
    assert (row.state, row.slot_at) == ("bounced", None)
    assert any_desk.suppressed() == {"a@example.com": "hard_bounce"}


def test_what_was_claimed_for_the_address_is_decided_afresh(desk: Desk) -> None:
    id_ = desk.make()
    customer = rows(desk.engine)[id_].customer_id
    with writing(desk.engine) as conn:
        worker = make_worker(conn)
        claimed = make_delivery(conn, customer, "claimed", worker_id=worker)

    desk.take(mails.notification(path_of(id_), HARD))

    assert rows(desk.engine)[claimed].state == "due"


def test_a_policy_bounce_suppresses_nobody(desk: Desk) -> None:
    id_ = desk.make()

    taken = desk.take(mails.notification(path_of(id_), POLICY))

    assert (taken.state, desk.suppressed()) == (State.BOUNCED, {})


def test_a_mailbox_full_on_four_days_is_suppressed_on_the_fourth(any_desk: Desk) -> None:
    seen = []
    for day in range(4):
        id_ = any_desk.make(key="a" if not day else f"b{day}", address="a@example.com")
        seen.append(any_desk.take(mails.notification(path_of(id_), FULL), day).suppressed)

    assert seen == [None, None, None, "soft_bounces"]
    assert any_desk.suppressed() == {"a@example.com": "soft_bounces"}


def test_one_message_that_bounces_again_and_again_is_one_day(desk: Desk) -> None:
    path = path_of(desk.make())

    for day in range(8):
        desk.take(
            mails.notification(path, FULL, date=f"Fri, {3 + day} Jul 2026 09:00:00 +0000"), day
        )

    assert desk.suppressed() == {}


def test_a_message_on_its_way_does_not_let_the_count_begin_anew(desk: Desk) -> None:
    """A relay accepts everything, and tells days later: only what did not come back arrived."""
    ids = [desk.make(address="a@example.com", at=NOW)]
    customer = rows(desk.engine)[ids[0]].customer_id
    with writing(desk.engine) as conn:
        for day in range(1, 9):
            at = NOW + timedelta(days=day)
            ids.append(make_delivery(conn, customer, at=at, address="a@example.com"))

    seen = [desk.take(mails.notification(path_of(ids[day]), FULL), day + 3) for day in range(4)]

    assert [each.suppressed for each in seen] == [None, None, None, "soft_bounces"]


def test_a_bounce_needs_our_signed_return_path(desk: Desk) -> None:
    """COMPLIANCE 7: whoever it names, and whatever it returns."""
    id_ = desk.make()
    forged = [
        mails.notification("bounces@mail.example.com", HARD),
        mails.notification(path_of(id_, ["f" * 40]), HARD),
        mails.notification(path_of(id_)[:-30] + "@mail.example.com", HARD),
        mails.notification("ada@example.com", HARD).replace(
            b"<x@example.com>", named(id_).encode()
        ),
        mails.qmail_bounce("news@example.com"),
    ]

    taken = [desk.take(raw) for raw in forged]

    assert {(each.kind, each.believed, each.delivery) for each in taken} == {
        (Kind.BOUNCED, False, None)
    }
    assert (rows(desk.engine)[id_].state, desk.suppressed()) == ("sent", {})
    assert [desk.count(table) for table in (feedback_mails, receipts)] == [0, 0]


@pytest.mark.parametrize("where", ["Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_recipient_is_taken_from_what_mail_servers_note(desk: Desk, where: str) -> None:
    id_ = desk.make()
    raw = f"{where}: {path_of(id_).upper()}\n".encode() + mails.notification("us@example.com", HARD)

    assert desk.take(raw).delivery == id_


def test_the_envelope_s_recipient_is_the_only_one_where_it_is_told(desk: Desk) -> None:
    one, other = desk.make(), desk.make(key="b")

    taken = desk.take(mails.notification(path_of(one), HARD), recipient=path_of(other))

    assert (taken.delivery, desk.suppressed()) == (other, {"b@example.com": "hard_bounce"})


def test_an_odd_bounce_to_our_return_path_is_believed(desk: Desk) -> None:
    id_ = desk.make()

    taken = desk.take(mails.qmail_bounce(path_of(id_)))

    assert (taken.state, taken.suppressed) == (State.BOUNCED, "hard_bounce")


@pytest.mark.parametrize(
    ("action", "state"), [("delivered", "delivered"), ("relayed", "sent"), ("delayed", "sent")]
)
def test_a_notification_proves_an_unknown_message(desk: Desk, action: str, state: str) -> None:
    id_ = desk.make("unknown")

    desk.take(mails.notification(path_of(id_), recipient_fields(action, "4.0.0")))

    assert rows(desk.engine)[id_].state == state


def test_an_unknown_message_is_resolved_by_its_bounce(desk: Desk) -> None:
    id_ = desk.make("unknown")

    desk.take(mails.notification(path_of(id_), HARD))

    row = rows(desk.engine)[id_]
    assert (row.state, row.slot_at) == ("bounced", None)


def test_the_same_mail_again_changes_nothing(desk: Desk) -> None:
    raw = mails.notification(path_of(desk.make()), HARD)

    first, again = desk.take(raw), desk.take(raw, days=3)
    copy = desk.take(b"Received: by a second mailbox\n" + raw, days=4)

    assert (first.again, again.again, copy.again) == (False, True, False)
    assert (again.state, copy.state, desk.count(receipts)) == (None, None, 1)


@pytest.mark.parametrize(
    "date", ["", "Fri, 03 Jul 2099 09:00:00 +0000", mails.DATE], ids=["none", "ahead", "the same"]
)
def test_a_hard_bounce_after_a_soft_one_suppresses_whatever_its_date(
    any_desk: Desk, date: str
) -> None:
    id_ = any_desk.make()
    any_desk.take(mails.notification(path_of(id_), FULL))

    taken = any_desk.take(mails.notification(path_of(id_), HARD, date=date))

    assert taken.suppressed == "hard_bounce"
    assert any_desk.suppressed() == {"a@example.com": "hard_bounce"}


def test_a_bounce_told_again_claims_no_suppression_that_somebody_lifted(desk: Desk) -> None:
    id_ = desk.make()
    desk.take(mails.notification(path_of(id_), HARD, date=""))
    with writing(desk.engine) as conn:
        lift_reason(conn, "email", "a@example.com", "hard_bounce")

    again = desk.take(b"X-Copy: 2\n" + mails.notification(path_of(id_), HARD, date=""))

    assert (again.suppressed, desk.suppressed()) == (None, {})


@pytest.mark.parametrize("copies", ["the same", "of several mailboxes"])
def test_a_mail_that_several_take_at_once_is_taken_once(any_desk: Desk, copies: str) -> None:
    id_ = any_desk.make()
    raw = mails.notification(path_of(id_), HARD)
    at_once = threading.Barrier(4)
    taken = []

    def work(number: int) -> None:
        at_once.wait()
        head = f"X-Copy: {number}\n".encode() if copies != "the same" else b""
        taken.append(any_desk.take(head + raw))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each.state for each in taken].count(State.BOUNCED) == 1
    assert (len(taken), any_desk.count(receipts), len(any_desk.suppressed())) == (4, 1, 1)


def test_complaints_at_once_are_all_counted(engine: Engine) -> None:
    desk = Desk(engine, RULE)
    run_id, ids = _run(desk, sent=20)

    threads = [threading.Thread(target=_complain, args=(desk, id_)) for id_ in ids[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _state_of(desk, run_id)[0] == "held"
    assert len(desk.suppressed()) == 4


def test_mails_out_of_order_come_to_the_same(any_desk: Desk) -> None:
    id_ = any_desk.make("unknown")
    path = path_of(id_)

    for raw in (
        mails.report("abuse", mail_from=path),
        mails.notification(path, FULL),
        mails.notification(path, recipient_fields("delivered", "2.0.0")),
        mails.notification(path, recipient_fields("delayed", "4.4.1")),
    ):
        any_desk.take(raw)

    assert rows(any_desk.engine)[id_].state == "complained"
    assert any_desk.suppressed() == {"a@example.com": "complaint"}


@pytest.mark.parametrize("by", ["return path", "message id"])
def test_a_complaint_suppresses_at_once(desk: Desk, by: str) -> None:
    """COMPLIANCE 7: the mail that is reported shows whose it is, by what we signed in it."""
    id_ = desk.make()
    told = {"mail_from": path_of(id_)} if by == "return path" else {"message_id": named(id_)}

    taken = desk.take(mails.report("abuse", **told))

    assert (taken.kind, taken.state, taken.suppressed) == (
        Kind.COMPLAINT,
        State.COMPLAINED,
        "complaint",
    )
    assert desk.suppressed() == {"a@example.com": "complaint"}


@pytest.mark.parametrize("feedback_type", ["not-spam", "auth-failure", "other"])
def test_other_reports_are_recorded_and_suppress_nobody(desk: Desk, feedback_type: str) -> None:
    """COMPLIANCE 7."""
    id_ = desk.make()

    taken = desk.take(mails.report(feedback_type, message_id=named(id_)))

    assert (taken.believed, taken.status, desk.suppressed()) == (True, feedback_type, {})
    assert desk.count(feedback_mails) == 1
    assert rows(desk.engine)[id_].state in ("sent", "delivered")


def test_a_report_about_nobody_s_mail_changes_nothing(desk: Desk) -> None:
    desk.make()

    taken = desk.take(mails.report("abuse", message_id="<abc.1.def@example.com>"))

    assert (taken.believed, desk.suppressed(), desk.count(feedback_mails)) == (False, {}, 0)


@pytest.mark.parametrize("mark", ["Auto-Submitted: auto-replied", "Precedence: bulk"])
def test_an_automatic_answer_is_neither_a_bounce_nor_a_reply(desk: Desk, mark: str) -> None:
    """COMPLIANCE 8: nothing follows from it, and nobody is answered."""
    id_ = desk.make("unknown")

    taken = desk.take(mails.answer(path_of(id_), mark))

    assert taken == Taken(Kind.AUTOMATIC)
    assert (rows(desk.engine)[id_].state, desk.count(events)) == ("unknown", 0)


@pytest.mark.parametrize("by", ["return path", "in-reply-to", "references"])
def test_a_person_s_reply_is_an_event_and_proves_the_message(desk: Desk, by: str) -> None:
    id_ = desk.make("unknown")
    more = {
        "return path": (path_of(id_),),
        "in-reply-to": ("news@example.com", f"In-Reply-To: {named(id_)}"),
        "references": ("news@example.com", f"References: <a@b.example> {named(id_)}"),
    }[by]

    taken = [desk.take(mails.answer(*more)), desk.take(b"X-Copy: 2\n" + mails.answer(*more))]

    with reading(desk.engine) as conn:
        kept = conn.execute(select(events)).one()
    row = rows(desk.engine)[id_]
    assert (kept.kind, kept.customer_id, kept.at) == ("reply", row.customer_id, NOW)
    assert kept.data == {"channel": "email", "delivery": id_}
    assert [each.customer for each in taken] == [row.customer_id, None]
    assert row.state == "delivered"


def test_a_person_s_mail_about_nothing_of_ours_is_none_of_ours(any_desk: Desk) -> None:
    any_desk.make()

    taken = any_desk.take(mails.answer("news@example.com", "In-Reply-To: <a@b.example>"))

    assert (taken.believed, any_desk.count(events)) == (False, 0)


def test_no_address_is_kept_of_what_a_server_says(desk: Desk) -> None:
    diagnostic = "smtp; 550 5.1.1 <a@example.com>: no ada@example.com here"
    id_ = desk.make()

    desk.take(mails.notification(path_of(id_), recipient_fields("failed", "5.1.1", diagnostic)))

    with reading(desk.engine) as conn:
        kept = conn.execute(select(feedback_mails)).one()
    assert kept.detail == "smtp; 550 5.1.1 <…>: no … here"


def test_characters_that_a_database_refuses_are_no_obstacle(any_desk: Desk) -> None:
    id_ = any_desk.make()
    strange = "smtp; 550 5.1.1 \0\udcff\u2028 gone"
    path = path_of(id_)

    taken = [
        any_desk.take(raw)
        for raw in (
            mails.notification(path, recipient_fields("failed", "5.0.0", "@@")).replace(
                b"@@", strange.encode("utf-8", "surrogateescape")
            ),
            mails.report("other\0", mail_from=path),
            mails.answer(path, message_id="<a\0b@c>"),
        )
    ]

    assert [each.believed for each in taken] == [True] * 3


def test_a_delivery_of_another_database_is_not_believed(desk: Desk) -> None:
    assert not desk.take(mails.notification(path_of(99), HARD)).believed


def _run(desk: Desk, sent: int, state: str = "running") -> tuple[int, list[int]]:
    with writing(desk.engine) as conn:
        run_id = make_run(conn, state=state)
        made = [
            make_delivery(
                conn, make_customer(conn, f"k{n}", email=f"k{n}@example.com"), "sent",
                run_id=run_id, address=f"k{n}@example.com",
            )
            for n in range(sent)
        ]  # fmt: skip
    return run_id, made


def _state_of(desk: Desk, run_id: int) -> tuple[str, str | None]:
    with reading(desk.engine) as conn:
        row = conn.execute(select(runs).where(runs.c.id == run_id)).one()
    return row.state, row.reason


def _complain(desk: Desk, id_: int) -> Taken:
    return desk.take(mails.report("abuse", message_id=named(id_)))


RULE = ChannelSettings(complaints=ComplaintsAt(warn=500, hold=1000, least=2))  # 5 %, 10 %


def test_compliance_6_too_many_complaints_hold_the_run(engine: Engine) -> None:
    """COMPLIANCE 6."""
    desk = Desk(engine, RULE)
    run_id, ids = _run(desk, sent=30)

    seen = []
    for id_ in ids[:3]:
        taken = _complain(desk, id_)
        seen.append((taken.run_held, *_state_of(desk, run_id)))

    assert seen == [
        (None, "running", None),
        (None, "running", "2 of 30 readers called it abuse"),
        (run_id, "held", "3 of 30 readers called it abuse"),
    ]


def test_a_run_that_a_person_lets_go_on_is_held_again_by_new_complaints_only(
    sqlite_engine: Engine,
) -> None:
    desk = Desk(sqlite_engine, RULE)
    run_id, ids = _run(desk, sent=10)
    for id_ in ids[:2]:
        _complain(desk, id_)
    with writing(sqlite_engine) as conn:
        conn.execute(runs.update().values(state="running", reason=None))

    seen = [_complain(desk, id_).run_held for id_ in (ids[0], ids[2], ids[3])]

    assert seen == [None, None, run_id]


def test_one_reader_s_slip_holds_nothing(sqlite_engine: Engine) -> None:
    desk = Desk(sqlite_engine, RULE)
    run_id, ids = _run(desk, sent=3)

    _complain(desk, ids[0])
    desk.take(b"X-Copy: 2\n" + mails.report("abuse", message_id=named(ids[0])))

    assert _state_of(desk, run_id) == ("running", None)


def test_a_run_that_is_done_says_what_its_readers_thought(sqlite_engine: Engine) -> None:
    desk = Desk(sqlite_engine, RULE)
    run_id, ids = _run(desk, sent=4, state="done")

    taken = [_complain(desk, id_) for id_ in ids[:2]]

    assert _state_of(desk, run_id) == ("done", "2 of 4 readers called it abuse")
    assert [each.run_held for each in taken] == [None, None]


def _return(desk: Desk, ids: list[int], fields: str) -> list[Taken]:
    return [desk.take(mails.notification(path_of(id_), fields)) for id_ in ids]


@pytest.mark.parametrize(("fields", "fault"), [(HARD, "address"), (POLICY, "policy")])
def test_too_many_returns_hold_the_run_and_lift_what_they_suppressed(
    engine: Engine, fields: str, fault: str
) -> None:
    """A relay takes everything, and only then is told no: as if it had been told at once."""
    desk = Desk(engine, ChannelSettings(hold_at=HoldAt(share=2_000, least=3)))
    run_id, ids = _run(desk, sent=10)
    with writing(engine) as conn:
        run_answers.count(conn, 1, "email", [run_answers.Final(run_id, Fault.NONE)] * 10)

    seen = [each.run_held for each in _return(desk, ids[:4], fields)]

    state, reason = _state_of(desk, run_id)
    assert (seen, state) == ([None, None, run_id, None], "held")
    assert reason is not None
    assert reason.startswith("3 of 10 messages were refused for good, mostly `5.")
    assert reason.endswith(f"({fault})")
    assert desk.suppressed() == {}


def test_a_few_returns_hold_nothing_and_stay_suppressed(sqlite_engine: Engine) -> None:
    desk = Desk(sqlite_engine, ChannelSettings(hold_at=HoldAt(share=2_000, least=3)))
    run_id, ids = _run(desk, sent=10)

    _return(desk, ids[:2], HARD)
    _return(desk, ids[2:6], FULL)

    assert _state_of(desk, run_id) == ("running", None)
    assert set(desk.suppressed().values()) == {"hard_bounce"}


def test_a_complaint_stays_when_a_run_s_returns_are_lifted(sqlite_engine: Engine) -> None:
    desk = Desk(sqlite_engine, ChannelSettings(hold_at=HoldAt(share=2_000, least=3)))
    _, ids = _run(desk, sent=10)
    _complain(desk, ids[0])

    _return(desk, ids[:4], HARD)

    assert desk.suppressed() == {"k0@example.com": "complaint"}


GMAIL = recipient_fields(
    "failed", "5.7.26",
    "smtp; 550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n"
    "    550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.\n"
    "    550 5.7.26 https://support.google.com/mail/answer/81126 x1-2.3 - gsmtp",
)  # fmt: skip
OUTLOOK = recipient_fields(
    "failed", "5.7.515",
    "smtp;550 5.7.515 Access denied, sending domain EXAMPLE.COM doesn't meet the required "
    "authentication level.",
)  # fmt: skip


def _held(desk: Desk) -> list[ChannelHold]:
    with reading(desk.engine) as conn:
        return channel_holds.held(conn)


def test_compliance_6_mails_that_come_back_as_unauthenticated_hold_the_channel_for_a_person(
    engine: Engine,
) -> None:
    """COMPLIANCE 6. The server took them, so that no try can tell whether it is mended."""
    desk = Desk(engine)
    _, ids = _run(desk, sent=6)

    _return(desk, ids[:2], GMAIL)
    assert _held(desk) == []
    _return(desk, ids[1:3], OUTLOOK)

    [hold] = _held(desk)
    assert (hold.channel, hold.stage, hold.code) == ("email", "return", "5.7.515")
    assert told(hold).endswith("so then `outreach runs resume --channel email`")
    assert desk.suppressed() == {}
    with writing(engine) as conn:
        conn.execute(update(channel_holds_table).values(probe_at=NOW))
        assert channel_holds.to_probe(conn) == []
        assert not channel_holds.take_probe(conn, "email")


def test_a_channel_that_a_person_let_go_on_is_held_again_by_what_was_sent_since(
    desk: Desk,
) -> None:
    _, ids = _run(desk, sent=9)
    _return(desk, ids[:3], GMAIL)
    with writing(desk.engine) as conn:
        channel_holds.lift(conn, "email")
        since = channel_holds.lifted_at(conn, "email")
        before, after = update(table).values(settled_at=NOW), update(table)
        conn.execute(before.where(table.c.id.in_(ids[3:6])))
        conn.execute(after.where(table.c.id.in_(ids[6:])).values(settled_at=since + SECOND))

    _return(desk, ids[3:6], GMAIL)
    assert _held(desk) == []
    _return(desk, ids[6:], GMAIL)

    assert len(_held(desk)) == 1


def test_a_few_readers_who_make_up_returns_do_not_hold_the_channel(desk: Desk) -> None:
    run_id, ids = _run(desk, sent=5)
    with writing(desk.engine) as conn:
        run_answers.count(conn, 1, "email", [Final(run_id, Fault.NONE)] * 600)

    _return(desk, ids, GMAIL)

    assert _held(desk) == []
