"""Named dates in templates: `dates.wedding`."""

import pytest
from rendering_project import campaign, company, compiled, files, problems, render, sms

from outreach.rendering import RenderError
from outreach.rendering.made_up import try_rendering
from outreach.rendering.named_dates import DateRead

ANN = {"locale": "en-GB", "dates": {"wedding": "2014-06-14", "child": "02-29"}}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{ dates.wedding|date('d MMMM yyyy') }}", "14 June 2014"),
        ("{{ dates.wedding }} {{ dates.child }}", "2014-06-14 02-29"),
        ("{{ dates.child|date('d. MMM') }}", "29. Feb"),
        ("{{ dates.child|date(\"'on' d MMMM\") }}", "on 29 February"),
        ("{{ dates.child|date('EEEE, d MMMM yyyy') }}", "February 29"),
        ("{{ dates.child|date }}, {{ dates.child|date('short') }}", "Feb 29, 2/29"),
        ("{{ today.year - dates.wedding.year }}", "12"),
        (
            "{% if dates.wedding < today %}then{% endif %}{% if dates.child < today %}!{% endif %}",
            "then",
        ),
        ("{% if dates.child.year %}!{% else %}-{% endif %}", "-"),
        ("{{ dates.moved|default('no day') }}{% if dates.moved %}!{% endif %}", "no day"),
    ],
)
def test_a_date_is_printed_as_far_as_it_is_known(text: str, printed: str) -> None:
    assert sms(text, ANN) == printed


def test_a_day_without_its_year_is_written_as_the_language_does() -> None:
    templates = {"sms.de.txt": "{{ birthday|date('long') }}", "sms.txt": "-"}

    assert render("sms", templates, {"locale": "de", "birthday": "06-14"}).text == "14. Juni"


def test_a_date_that_is_not_known_is_never_printed() -> None:
    with pytest.raises(RenderError):
        sms("{{ dates.moved }}", ANN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ dates }}", "1:4: `dates` is read by the name of one; write `dates.wedding`"),
        ("{{ dates['x'] }}", "1:4: `dates` is read by the name of one; write `dates.wedding`"),
        ("{{ dates.birthday }}", "1:10: `birthday` is no named date; write `birthday`"),
        ("{{ dates.Wedding }}", "1:10: no date is called `Wedding`; write `dates.wedding`"),
        ("{{ date('wedding') }}", "1:4: no function `date` in templates; it works in `where:` and `when:` only"),
    ],
)  # fmt: skip
def test_what_can_be_no_named_date_is_told_at_its_place(text: str, said: str) -> None:
    assert problems({"sms.txt": text}) == [f"templates/hello/sms.txt:{said}"]


LACKED = {
    "{{ dates.wedding|date }}{% if dates.child < today %}!{% endif %}": "",
    "a {{ dates.x }}{{ today.year - dates.x.year }}": (
        "1:16: values of kinds that do not go together, such as a text and a number, for customers without `dates.x.year`;"
        " write `{% if dates.x.year %}` around it, or what to say instead: `default('…')`"
    ),
    "a {% if dates.x.year %}b{% endif %}": (
        "1:3: 'None' has no attribute 'year', for customers without `dates.x`;"
        " write `{% if dates.x %}` around it, or what to say instead: `default('…')`"
    ),
}


@pytest.mark.parametrize("text", LACKED)
def test_check_fills_in_days_with_their_year_without_it_and_none(text: str) -> None:
    found = try_rendering(files({"sms.txt": text}), campaign("sms"), company(), [])

    said = [str(each).removeprefix("templates/hello/sms.txt:") for each in found]
    assert said == list(filter(None, [LACKED[text]]))


def test_every_named_date_that_is_read_is_known_with_its_place() -> None:
    step = compiled(
        {"sms.txt": "{% include 'foot.txt' %}{% if dates.child %}!{% endif %}",
         "_base/foot.txt": "Hi\n{{ dates.wedding or 'you' }}"}
    )  # fmt: skip

    assert step.dates == {
        DateRead("child", "templates/hello/sms.txt", 1, 37),
        DateRead("wedding", "templates/_base/foot.txt", 2, 10),
    }
