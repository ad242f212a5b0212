"""A new revision is rendered in a process of its own first."""

from rendering_project import NOW, campaign, company, files

from outreach.rendering import build_context
from outreach.rendering.trial import trial, trial_in_check


def tried(text: str, *customers: dict[str, object]) -> list[str]:
    us, step = company(), campaign("sms")
    contexts = [build_context(customer, us, step, NOW) for customer in customers]
    return [str(p) for p in trial(files({"sms.txt": text}), step, us, contexts)]


def test_a_sound_revision_has_no_problems() -> None:
    assert tried("Hi {{ first_name }}", {"first_name": "Eve"}, {}) == []


def test_what_fails_while_rendering_is_told_with_its_place() -> None:
    said = tried("Hi\n{{ 1 // orders }}", {"orders": 0})

    assert said == ["templates/hello/sms.txt:2:1: divides by zero; write `{% if … %}` around it"]


def test_what_can_not_be_compiled_is_told_too() -> None:
    assert tried("{{ nam }}") == ["templates/hello/sms.txt:1:4: customer has no `nam`"]


def test_a_revision_that_hangs_is_refused_by_check_too() -> None:
    """Lists of lists grow faster than a message's budget counts: no process of ours tries them."""
    text = (
        "{% set a = [1] %}"
        + "{% set a = [a, a] %}" * 60
        + "{{ a < a + [1] }}"
        + "{{ a in [[a] + a] }}"
    )

    text += "{{ [a]|map('string')|join }}"
    said = [str(p) for p in trial_in_check(files({"sms.txt": text}), campaign("sms"), company(), 2)]

    assert len(said) == 1
    assert "more than 2 seconds" in said[0] or "broke its process" in said[0]
