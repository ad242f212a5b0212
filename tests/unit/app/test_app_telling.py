"""The rules' answers as sentences."""

from datetime import datetime, timedelta

from makers import NOW

from outreach.app.explaining import Explained
from outreach.app.telling import MEANINGS, told
from outreach.decisions.explain import Answer
from outreach.vocabulary import Decision, Reason, Status


def explained(
    decision: Decision,
    reason: Reason | None = None,
    until: datetime | None = None,
    *rules: Answer,
    said: tuple[str, ...] = (),
) -> Explained:
    return Explained(
        "greeting", "C1", NOW, decision, reason, until, "email", None, "de", "Europe/Berlin", None,
        said, rules, Status.ACTIVE, "greet",
    )  # fmt: skip


def test_every_reason_has_its_meaning_in_their_order() -> None:
    assert list(MEANINGS) == list(Reason)


def test_who_gets_it_is_told_when_on_their_own_clock() -> None:
    assert told(explained(Decision.SEND)) == [
        "C1 would get it by email at 2026-07-03 11:00+02:00 Europe/Berlin."
    ]


def test_who_gets_it_later_is_told_why() -> None:
    quiet = Answer(Reason.QUIET_HOURS, "email", False, "quiet")

    assert told(explained(Decision.HOLD, Reason.QUIET_HOURS, NOW + timedelta(hours=2), quiet)) == [
        "C1 would get it by email, not at 2026-07-03 11:00+02:00 Europe/Berlin but at "
        "2026-07-03 13:00+02:00 Europe/Berlin: it is in their quiet hours.",
        "By email: it is in their quiet hours (quiet).",
    ]


def test_every_rule_in_the_way_is_told_and_none_that_is_not() -> None:
    rules = (
        Answer(Reason.EXCLUDED, None, False, "tags: vip"),
        Answer(Reason.NO_ADDRESS, "email", True, ""),
        Answer(Reason.NO_CONSENT, "sms", False, "no record"),
    )

    assert told(explained(Decision.SKIP, Reason.EXCLUDED, None, *rules)) == [
        "C1 would not get it at 2026-07-03 11:00+02:00 Europe/Berlin: `exclude` leaves them out.",
        "`exclude` leaves them out (tags: vip).",
        "By sms: they never said yes to this topic (no record).",
    ]


def test_what_would_help_is_told_last() -> None:
    found = explained(Decision.SKIP, Reason.NO_CONSENT, said=("they would have to agree first",))

    assert told(found)[1:] == ["They would have to agree first."]
