"""A variant's files stand in the places of their namesakes."""

from dataclasses import replace

from rendering_project import NOW, campaign, company, files

from outreach.campaign.experiment import Variant
from outreach.errors import Problem
from outreach.rendering import Compiled, Recipient, check_templates, compile_step, context_names

BOTH = (Variant("plain", 1), Variant("warm", 1))


def compiled(templates: dict[str, str]) -> Compiled:
    return compile_step(files(templates), replace(campaign("sms"), variants=BOTH), company())


def text(ready: Compiled, variant: str, locale: str = "en") -> str:
    context = ready.context({"locale": locale}, NOW)
    recipient = Recipient(7, "tok7", "+4915112345678", "", "<m7@tea.example.com>")
    return ready.of(variant).render("sms", context, recipient).text


def problems(templates: dict[str, str]) -> list[Problem]:
    rules = company()
    asked = replace(campaign("sms"), variants=BOTH)
    return check_templates(files(templates), asked, rules, context_names(rules, asked))


def test_each_variant_is_its_own_message() -> None:
    found = compiled({"sms.txt": "Hello", "warm/sms.txt": "Dear friend"})

    assert [text(found, each) for each in ("plain", "warm")] == ["Hello", "Dear friend"]


def test_language_variants_are_replaced_one_by_one() -> None:
    named = {"sms.txt": "Hello", "sms.de.txt": "Hallo", "warm/sms.de.txt": "Liebe Freundin"}
    found = compiled(named)

    assert [text(found, each, "de") for each in ("plain", "warm")] == ["Hallo", "Liebe Freundin"]
    assert text(found, "warm", "en") == "Hello"


def test_parts_that_a_file_includes_are_replaced_too() -> None:
    named = {"sms.txt": "{% include 'hi.txt' %} Ada", "hi.txt": "Hello", "warm/hi.txt": "Dear"}
    found = compiled(named)

    assert text(found, "warm") == "Dear Ada"


def test_each_variant_needs_what_it_prints() -> None:
    found = compiled({"sms.txt": "Hello", "warm/sms.txt": "Dear {{ first_name }}"})

    assert [need.names for need in found.of("warm").needs("sms")] == [{"first_name"}]
    assert [need.names for need in found.of("plain").needs("sms")] == [set()]
    assert "first_name" in found.names


def test_faults_of_a_variant_are_told_at_its_own_file() -> None:
    found = problems({"sms.txt": "Hello", "warm/sms.txt": "Dear {{ frist_name }}"})

    assert [(each.file, each.line) for each in found] == [("templates/hello/warm/sms.txt", 1)]
