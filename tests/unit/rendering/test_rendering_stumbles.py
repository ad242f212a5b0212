"""What people who do not program write into templates, and what `check` says to it."""

import pytest
from rendering_project import files, problems

from outreach.rendering.misnamed import perhaps_variants, unread

LAYOUT = (
    "<html>{% block content %}{% endblock %}{{ unsubscribe_url }}{{ brand.postal_address }}</html>"
)


def page(text: str) -> list[str]:
    """What is said of a page on the layout above."""
    templates = {"_base/layout.html": LAYOUT, "subject.txt": "Hi", "body.html": text}
    return [each.removeprefix("templates/hello/") for each in problems(templates)]


def test_a_block_the_layout_does_not_have_is_a_problem() -> None:
    said = page("{% extends 'layout.html' %}\n{% block contnet %}Hi{% endblock %}")

    assert said == [
        "body.html:2:10: block `contnet` is never shown: `layout.html` has none of that name;"
        " did you mean `content`?; `layout.html` has `content`"
    ]


def test_text_beside_the_blocks_of_a_layout_is_a_problem() -> None:
    assert page("{% extends 'layout.html' %}\n\n<p>Hi</p>") == [
        "body.html:3:1: text outside of a block is never shown, because the file extends a layout;"
        " put it into a block; `layout.html` has `content`"
    ]


def test_blocks_within_blocks_and_what_is_set_beside_them_are_fine() -> None:
    inner = "{% block content %}{% block own %}{{ x }}{% endblock %}{% endblock %}"

    assert page("{% extends 'layout.html' %}{% set x = 1 %}\n" + inner) == []


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{% if tier = "A" %}x{% endif %}', "1:12: `=` does not compare; to compare write `==`"),
        ("{{ salutation }, hi", "1:1: a `{{` is not closed; close it with `}}`"),
        ("{{ salutation", "1:1: a `{{` is not closed; close it with `}}`"),
        ("{% if vip }x{% endif %}", "1:1: a `{%` is not closed; close it with `%}`"),
        (
            "{{ First name }}",
            "1:4: `First name` is no name: names hold no blanks; write `{{ first_name }}`",
        ),
        (
            "Hi\n{% if vip %}x\nfor you",
            "2:1: `{% if %}` is never closed; write `{% endif %}` where it ends",
        ),
        ("{{ customer.first_name }}", "1:4: there is no `customer`; write `{{ first_name }}`"),
        (
            "Hi from {{ brand }}",
            "1:12: `brand` has several parts, of which one can be printed; write `{{ brand.name }}`",
        ),
        (
            "{{ campaign|upper }}",
            "1:4: `campaign` has several parts, of which one can be printed; write "
            "`{{ campaign.title }}`",
        ),
        (
            "No. {{ order.number }}",
            "1:8: customer has no `order`; for the orders themselves write for example "
            "`{% for order in last('order', 3) %}`",
        ),
        (
            "No. {{ orders[0].number }}",
            "1:8: `orders` is a number; for the orders themselves write for example "
            "`{% for order in last('order', 3) %}`",
        ),
        (
            "{% for order in orders %}{{ order.number }}{% endfor %}",
            "1:17: `orders` is a number; for the orders themselves write for example "
            "`{% for order in last('order', 3) %}`",
        ),
        ("{{ spend|euro }}", "1:10: there is no filter `euro`; write `|money`"),
        (
            "{% if vip %}{% elseif tier %}{% endif %}",
            "1:13: there is no `elseif`; write `{% elif … %}`",
        ),
        (
            "{% first_name %}",
            "1:1: there is no tag `first_name`; to print it write `{{ first_name }}`",
        ),
        ("{% if tier == “A” %}x{% endif %}", "1:15: `“` is no straight quote; write `\"` or `'`"),
        (
            "{% if vip && tier %}x{% endif %}",
            "1:11: `&` can not stand here; for “both” write `and`",
        ),
    ],
)
def test_jinja_speaks_plainly(template: str, said: str) -> None:
    assert problems({"sms.txt": template}) == [f"templates/hello/sms.txt:{said}"]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Hi\n  Dear {{ salutation,\nbye\n", "2:8: a `{{` is not closed; close it with `}}`"),
        ("{{ city }}\nto {{ city\n\nand {{ tier }}", "2:4: a `{{` is not closed; close it with `}}`"),
        ("{{ city }} {% if vip\n{{ city }}", "1:12: a `{%` is not closed; close it with `%}`"),
        ("{{ city }}, {{ city\n | uper }}", "2:4: there is no filter `uper`; did you mean `upper`?"),
        ("{{ city|upper }} uper {{ city | uper }}", "1:33: there is no filter `uper`; did you mean `upper`?"),
        ("{{ city }} {%- iff vip %}", "1:12: there is no tag `iff`; to print it write `{{ iff }}`"),
        ("a {% if vip %}b{% endif %} {% endfor %}", "1:28: `{% endfor %}` closes nothing here; no `for` is open"),
        ("{{ city }}\n {% if vip %}x{% if tier %}{% endif %}", "2:2: `{% if %}` is never closed; write `{% endif %}` where it ends"),
        ("{{ city }} {{ a b }}", "1:15: `a b` is no name: names hold no blanks; write `{{ a_b }}`"),
        ("{{ city }}\n{% if vip\n  and (tier %}x{% endif %}", "3:13: a `)` is missing here; write it before `%}`"),
        ("{{ city }}\n{% if vip\n  and tier city\n%}x{% endif %}", "3:12: expected token 'end of statement block', got 'city'; write a tag as in docs/templates.md, or take it out"),
        ("{{ city }} {{ (city }} b", "1:21: a `)` is missing here; write it before `}}`"),
        ("{{ city -}}\n\n  {{- city | default(1,, 2) }}", "3:24: unexpected ','; write a tag as in docs/templates.md, or take it out"),
        ("{{ city }} {{ 'abc }}", "1:15: a `'` is not closed; close the text with `'`"),
        ("Hi\n {# later", "2:2: a `{#` is not closed; close it with `#}`"),
        ("Hi\n {% raw %} x", "2:2: `{% raw %}` is never closed; write `{% endraw %}` where it ends"),
        ("{% if vip %}x{% else %}y{% elif tier %}z{% endif %}", "1:25: `{% elif %}` can not stand here; write it before `{% else %}`"),
        ("{{ city }} {{ city is sunny }}", "1:23: there is no test `sunny`; ask `is defined`, or compare it"),
        ("{{ city }}\n{{ orders + " + "9" * 5_000 + " }}", "2:13: a number has at most 100 digits; write a tag as in docs/templates.md, or take it out"),
        ("{{ city }} {{ 1e400|int }}", "1:15: the number is too large; write a tag as in docs/templates.md, or take it out"),
        ("{{ city }} {{ citi }}\r\n{{ tier._x }}", "1:15: customer has no `citi`; did you mean `city`?"),
    ],
)  # fmt: skip
def test_a_fault_is_told_where_it_is(template: str, said: str) -> None:
    assert problems({"sms.txt": template})[0] == f"templates/hello/sms.txt:{said}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{ salutation }", "salutation"),
        ("%first_name%", "first_name"),
        ("[FIRSTNAME]", "first_name"),
        ("<<Name>>", "first_name"),
        ("*|FNAME|*", "first_name"),
    ],
)
def test_placeholders_of_other_tools_are_told(text: str, meant: str) -> None:
    assert problems({"sms.txt": f"Hi\n {text}!"}) == [
        f"templates/hello/sms.txt:2:2: `{text}` is printed as it stands; write `{{{{ {meant} }}}}`"
    ]


def test_what_only_the_compiler_sees_has_its_column_too() -> None:
    twice = "{{ city }} {% block a %}{% endblock %}\n  {% block a %}{% endblock %}"

    assert problems({"sms.txt": twice}) == [
        "templates/hello/sms.txt:2:6: block 'a' defined twice; mend the tag there"
    ]


def test_what_only_looks_like_a_placeholder_is_left_alone() -> None:
    css = "<style>p { color: red } @media print { p { color } }</style><p style='width:50%'>[SALE] 5% off</p>"

    assert page("{% extends 'layout.html' %}{% block content %}" + css + "{% endblock %}") == []


def test_a_warning_stops_no_message() -> None:
    from rendering_project import compiled

    assert compiled({"sms.txt": "Hi %first_name%"}).channels == ("sms",)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("{# later #}\n", "subject.txt: the subject is empty; write one line"),
        (
            "Hi\n\nDear you",
            "subject.txt:3:1: the subject has 2 lines; write one; what follows belongs into the body",
        ),
    ],
)
def test_a_subject_is_one_line(subject: str, said: str) -> None:
    templates = {"subject.txt": subject, "body.txt": "Hi"}

    assert problems(templates, public_url="") == [f"templates/hello/{said}"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("body_de.txt", "did you mean `body.de.txt`?"),
        ("body.htm", "did you mean `body.html`?"),
        ("sms.html", "did you mean `sms.txt`?"),
        ("Sms.de.txt", "rename it to `sms.de.txt`"),
        ("subjcet.txt", "did you mean `subject.txt`?"),
    ],
)
def test_files_that_are_never_read_are_told(name: str, hint: str) -> None:
    said = problems(
        {"subject.txt": "Hi", "sms.txt": "Hi", "body.txt": "Hi", name: "x"}, public_url=""
    )

    assert said == [f"templates/hello/{name}: is never read; {hint}"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "letter.de.html",
            "put the text into `task.txt`, with `letter: …` as its first line; see docs/tasks.md",
        ),
        ("push.txt", "channel `push` is not supported yet: take the file out"),
        ("card.mjml", "include it in a file that is read, or take it out"),
        (
            "warm/sms.txt",
            "name `warm` among the `variants` of an `experiment`, or take it out",
        ),
        ("notes.md", "include it in a file that is read, or take it out"),
    ],
)
def test_files_that_no_message_is_made_of_are_told(name: str, hint: str) -> None:
    said = [str(each) for each in unread(files({"sms.txt": "Hi", name: "x"}), {"hello": ()})]

    assert said == [f"templates/hello/{name}: is never read; {hint}"]


def test_folders_with_parts_may_be_variants_of_a_campaign_to_come() -> None:
    found = files({"sms.txt": "Hi", "warm/sms.txt": "x", "attachments/list.pdf": "x"})

    assert perhaps_variants("hello", found) == {"warm"}


def test_parts_files_that_others_include_and_templates_within_are_read() -> None:
    parts = {
        "sms.de.txt": "{% include 'parts/tea.txt' %}",
        "parts/tea.de.txt": "{% include 'a.b' %}",
    }
    more = {"a.b": "{% include 'c.de.txt' %}", "c.de.txt": "Hi", "warm/sms.txt": "Hi"}

    assert list(unread(files({**parts, **more}), {"hello": (), "hello/warm": ()})) == []


def test_files_of_variants_are_read_as_their_namesakes_are() -> None:
    said = unread(
        files({"sms.txt": "Hi", "warm/sms.txt": "x", "warm/fax.txt": "x"}), {"hello": ["warm"]}
    )

    assert [each.file for each in said] == ["templates/hello/warm/fax.txt"]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("date('DD.MM.YYYY')", "`DD.MM.YYYY` is no pattern of a date: `D` is the day of the year; write `date('dd.MM.yyyy')`"),
        ('date("TT.MM.JJJJ")', "`TT.MM.JJJJ` is no pattern of a date: `J` stands for nothing, and words stand in single quotes; write `date('dd.MM.yyyy')`"),
        ("date('dd.mm.yyyy')", "`dd.mm.yyyy` is no pattern of a date: `m` is minutes; write `date('dd.MM.yyyy')`"),
        ("date('%d.%m.%Y')", "`%d.%m.%Y` is no pattern of a date: its parts are letters without `%`; write `date('dd.MM.yyyy')`"),
        ("date('d MMMM YYYY')", "`d MMMM YYYY` is no pattern of a date: `Y` is the year that a week belongs to; write `date('d MMMM yyyy')`"),
        ("date('dd.MM.yyyy HH:mm')", "`dd.MM.yyyy HH:mm` is no pattern of a date: `H` belongs to a time; print both: `|date('dd.MM.yyyy')` and `|time('HH:mm')`"),
        ("date(pattern='Do MMMM')", "`Do MMMM` is no pattern of a date: `o` stands for nothing, and words stand in single quotes; write for example `date('d MMMM yyyy')`, or `date('long')`"),
        ("time('HH:MM')", "`HH:MM` is no pattern of a time: `M` is the month; write `time('HH:mm')`"),
    ],
)  # fmt: skip
def test_a_pattern_that_says_something_else_is_told(pattern: str, said: str) -> None:
    before = "Hi\n {{ last_order_at|"
    at = len(" {{ last_order_at|") + 1 + pattern.index(said.split("`")[1])

    assert problems({"sms.txt": f"{before}{pattern} }}}}"}) == [
        f"templates/hello/sms.txt:2:{at}: {said}"
    ]


@pytest.mark.parametrize(
    "printed",
    [
        "last_order_at|date",
        "last_order_at|date('full')",
        "last_order_at|date('d. MMMM')",
        "last_order_at|date(\"EEEE, d 'de' MMMM yyyy\")",
        "last_order_at|date('w/YYYY')",
        "last_order_at|time('HH:mm')",
        "spend|money",
        "typical_gap.days",
        "spend|round|int",
        "orders",
    ],
)
def test_what_reads_well_is_in_order(printed: str) -> None:
    assert problems({"sms.txt": f"{{{{ {printed} }}}}"}) == []


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("last_order_at", "1:4: `last_order_at` is printed as a computer writes it; write `{{ last_order_at|date('long') }}`"),
        ("last_order_at or created_at|date", "1:4: `last_order_at` is printed as a computer writes it; write `{{ last_order_at|date('long') }}`"),
        ("birthday|default('?')", "1:4: `birthday` is printed as a computer writes it; write `{{ birthday|date('long') }}`"),
        ("dates.wedding", "1:10: `dates.wedding` is printed as a computer writes it; write `{{ dates.wedding|date('long') }}`"),
        ("typical_gap", "1:4: `typical_gap` is printed to the second; write `{{ typical_gap.days }}`"),
        ("spend", "1:4: `spend` is printed without its currency, and with a point in every language; write `{{ spend|money }}`"),
        ("since", "1:4: `since` is printed as a computer writes it; write `{{ since|date('long') }}`"),
    ],
)  # fmt: skip
def test_a_value_that_is_printed_as_a_computer_writes_it_is_told(printed: str, said: str) -> None:
    attributes = {"since": "date"}

    assert problems({"sms.txt": f"{{{{ {printed} }}}}"}, attributes=attributes) == [
        f"templates/hello/sms.txt:{said}"
    ]
