"""A new revision is rendered on trial first."""

from collections.abc import Callable

import pytest
from rendering_project import NOW, campaign, company, files

from outreach.errors import Problem
from outreach.rendering import build_context
from outreach.rendering.trial import trial, trial_apart, trial_in_check


def tried(text: str, *customers: dict[str, object]) -> list[str]:
    us, step = company(), campaign("sms")
    contexts = [build_context(customer, us, step, NOW) for customer in customers]
    return [str(p) for p in trial_apart(files({"sms.txt": text}), step, us, contexts)]


def test_a_sound_revision_has_no_problems() -> None:
    assert tried("Hi {{ first_name }}", {"first_name": "Eve"}, {}) == []


def test_what_fails_while_rendering_is_told_with_its_place() -> None:
    said = tried("Hi\n{{ 1 // orders }}", {"orders": 0})

    assert said == ["templates/hello/sms.txt:2:1: divides by zero; write `{% if … %}` around it"]


def test_what_can_not_be_compiled_is_told_too() -> None:
    wrong = [
        "templates/hello/sms.txt:1:4: customer has no `nam`; take it out, or declare it under `attributes` of outreach.yaml; an important day is `dates.nam`"
    ]
    broken = files({"sms.txt": "{{ nam }}"})

    assert tried("{{ nam }}") == wrong
    assert [str(each) for each in trial(broken, campaign("sms"), company())] == wrong
    assert trial_in_check(broken, campaign("sms"), company()) == []  # check has told it already


@pytest.mark.parametrize(
    "faulty", ["{{ nam }}", "{% include 'none.txt' %}", "{{ city.__class__ }}"]
)
def test_a_fault_of_one_file_hides_nothing_of_another(faulty: str) -> None:
    mail = files({"subject.txt": '{{ "a" * 10 ** 9 }}', "body.txt": faulty})

    [found] = trial_in_check(mail, campaign("email"), company())

    assert found.file == "templates/hello/subject.txt"
    assert "makes more than 500,000 characters" in found.message


@pytest.mark.parametrize("try_it", [trial, trial_in_check])
def test_a_revision_that_hangs_is_refused(try_it: Callable[..., list[Problem]]) -> None:
    """Lists of lists grow faster than a message's budget counts: no process of ours tries them."""
    text = (
        "{% set a = [1] %}"
        + "{% set a = [a, a] %}" * 60
        + "{{ a < a + [1] }}"
        + "{{ a in [[a] + a] }}"
    )

    text += "{{ [a]|map('string')|join }}"
    said = [str(p) for p in try_it(files({"sms.txt": text}), campaign("sms"), company(), 2)]

    assert len(said) == 1
    assert "more than 2 seconds" in said[0] or "broke its process" in said[0]
