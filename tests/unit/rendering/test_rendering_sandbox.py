"""What half-trusted templates and strangers' values can not do."""

import time

import pytest
from rendering_project import body, compiled, mail, problems, sms

from outreach.errors import ProblemsFound
from outreach.rendering import RenderError

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ brand.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''['__cl' ~ 'ass__'] }}",
    "{{ range.__globals__ }}",
    "{{ now.__reduce__() }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{{ '{0.__class__}'.format(brand) }}",
    "{{ ('{0.__class__}'|string).format_map(brand) }}",
    "{{ [brand]|map(attribute='__class__')|first }}",
    "{{ brand|attr('__class__') }}",
    "{{ tags.append('x') }}",
    "{{ brand.update(name='x') }}",
    "{{ brand.clear() }}",
    "{{ lipsum() }}",
    "{{ cycler }}",
    "{{ namespace() }}",
    "{{ dict() }}",
    "{{ now.replace(year=1) }}",
    "{{ now.strftime('%999999999d') }}",
    "{{ caller.__globals__ }}",
    "{{ (days.__code__) }}",
    "{% include '../../outreach.yaml' %}",
    "{% include '/etc/passwd' %}",
    "{% include 'file:///etc/passwd' %}",
    "{% include nickname %}",
    "{% extends brand.name %}",
    "{% autoescape false %}{{ nickname }}{% endautoescape %}",
    "{{ nickname|safe }}",
    "{% filter upper %}x{% endfilter %}",
    "{% set x|upper %}x{% endset %}",
    "{% macro m() %}{% endmacro %}{{ m.__class__ }}",
    "{{ loop }}",
    "{{ brand }}",
    "{{ tags }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_no_template_leaves_the_sandbox(template: str) -> None:
    with pytest.raises((ProblemsFound, RenderError)):
        sms(template, {"nickname": "outreach.yaml", "tags": ["a"]})


HOGS = [
    "{{ 'x' * 10**9 }}",
    "{{ 10**9 * 'x' }}",
    "{{ [0] * 10**9 }}",
    "{{ 9**9**9 }}",
    "{{ (9**80) * (9**80) }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ 'x'|center(10**9) }}",
    "{{ 'x'|indent(10**9) }}",
    "{{ 1.5|round(10**9, 'ceil') }}",
    "{{ range(10**9)|list|length }}",
    "{{ range(10**9)|join }}",
    "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
    "{% for a in range(1000) recursive %}{{ loop(range(1000)) }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% for a in range(40000) %}" + "x" * 100 + "{% endfor %}",
    "{% set a = 'x' * 1000 %}" + "{% set a = a ~ a ~ a ~ a %}" * 12 + "{{ a|length }}",
    "{% set a = 'x' * 1000 %}" + "{% set a = a + a + a + a %}" * 12 + "{{ a|length }}",
    "{% set a %}xxxx{% endset %}" + "{% set a %}{{ a }}{{ a }}{{ a }}{{ a }}{% endset %}" * 12,
    "{% set a = 'x' * 1000 %}" + "{% set a = a|replace('x', 'xxxxxx') %}" * 9 + "{{ a|length }}",
    "{% set a = 'x' * 100000 %}{{ a|replace('', a) }}",
    "{% set a = ['x' * 1000] * 1000 %}{{ a|join }}",
    "{% set a = range(9000)|list %}{% for x in a %}{{ a|sort|length }}{% endfor %}",
    "{% include 'sms.txt' %}",
    "{{ " + "1 + " * 3000 + "1 }}",
    "{% for a in [1] %}" * 30 + "{{ a }}" + "{% endfor %}" * 30,
    "{{ brand" + ".name" * 3000 + " }}",
    "{% set a = nickname %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
    "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
]


@pytest.mark.parametrize("template", HOGS, ids=range(len(HOGS)))
def test_no_template_takes_much_time_or_memory(template: str) -> None:
    began = time.process_time()

    with pytest.raises((ProblemsFound, RenderError)):
        sms(template)
    assert time.process_time() - began < 2


def test_a_message_over_its_budget_leaves_its_neighbours_alone() -> None:
    template = "{% for a in range(points) %}x{% endfor %}"

    with pytest.raises(RenderError, match="takes more than 50,000 steps"):
        sms(template, {"points": 10**7})
    assert sms(template, {"points": 3}) == "xxx"


def test_values_are_never_rendered() -> None:
    nickname = "{{ 7*7 }}{% for x in range(9) %}{# #}${7*7}<%= 7 %>"

    assert sms("{{ nickname }}", {"nickname": nickname}) == nickname
    assert sms("{{ salutation }}", {"nickname": nickname}) == nickname


def test_values_are_escaped_in_html_and_nowhere_else() -> None:
    nickname = "<script>alert('&')</script>"
    parsed = mail(
        {"subject.txt": "Hi {{ nickname }}", "body.html": "<p>{{ nickname }}</p>"},
        {"nickname": nickname},
    )

    assert parsed["Subject"] == f"Hi {nickname}"
    assert nickname in body(parsed)
    assert "<p>&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</p>" in body(parsed, "html")


@pytest.mark.parametrize(
    "page",
    [
        "{{ nickname }}",
        "{{ nickname|e }}",
        "{{ nickname|default('x') }}",
        "{{ [nickname]|join }}",
        "{{ '<' ~ nickname }}",
        "{{ nickname|upper }}",
        "{{ nickname|replace('&lt;', '<') }}",
        "{% set x %}{{ nickname }}{% endset %}{{ x|replace('&lt;', '<') }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(nickname) }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(nickname) ~ nickname }}",
        "{% macro m(x) %}{{ caller(x) }}{% endmacro %}{% call(y) m(nickname) %}{{ y }}{% endcall %}",
        "{{ nickname|truncate(9) }}",
        "{{ {'a': nickname}.a }}",
        "{% include 'plain.txt' %}",
        '<a title="{{ nickname }}">x</a>',
    ],
)
def test_no_way_of_printing_lets_html_in(page: str) -> None:
    templates = {"body.html": f"<p>{page}</p>", "_base/plain.txt": "{{ nickname }}"}
    nickname = '<SCRIPT x="1"></SCRIPT>'

    html = body(mail(templates, {"nickname": nickname}), "html")

    assert "<script" not in html.lower()
    assert '"1"' not in html


def test_a_value_can_not_pass_for_a_mark() -> None:
    nickname = "\ue0000\ue001 \ue000deadbeef:0\ue001"
    parsed = mail(
        {"body.html": "<p>{{ nickname }}|{{ key }}</p>"}, {"nickname": nickname, "key": "k"}
    )

    assert body(parsed).startswith(f"{nickname}|k")


def test_missing_names_are_refused_with_their_place() -> None:
    with pytest.raises(RenderError, match=r"^templates/hello/sms.txt:2: prints a value that is"):
        sms("Hi\n{{ first_name }}")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "1 + nickname",
            "values of kinds that do not go together, such as a text and a number; make it a number by `|float`, or join texts by `~`",
        ),
        (
            "nickname|number",
            "a text where a number belongs, or a sum that has no result; make it a number by `|float`",
        ),
        ("now + days(9999999)", "a number that is too large; reckon with smaller ones"),
        (
            "nickname|dictsort",
            "asks a value for something that it does not have; print the value alone",
        ),
        ("1 / 0", "divides by zero; write `{% if … %}` around it"),
    ],
)
def test_a_refusal_is_in_plain_words_and_does_not_repeat_what_a_customer_wrote(
    template: str, said: str
) -> None:
    with pytest.raises(RenderError) as refused:
        sms(f"{{{{ {template} }}}}", {"nickname": "secret"})

    assert refused.value.reason == f"templates/hello/sms.txt:1: {said}"


def test_comparisons_with_what_is_missing_are_false() -> None:
    text = (
        "{{ last_order_at > now - days(30) }} {{ not points < 3 }} {{ 'x' in city }}"
        " {{ 'x' not in city }} {{ points == none }} {{ 1 < 2 < 3 }}"
    )

    assert sms(text) == "False True False True True True"


def test_an_if_without_else_prints_nothing() -> None:
    assert sms("a{{ 'b' if points }}c") == "ac"


def test_filters_write_as_the_language_does() -> None:
    customer = {"locale": "de", "spend": 1234.5, "last_order_at": "2026-07-01T23:00:00.000000Z"}
    text = "{{ spend|money }} {{ spend|number }} {{ last_order_at|date('long') }} {{ now|time }}"

    parsed = mail({"body.txt": text, "body.de.txt": text}, {**customer, "timezone": "Asia/Tokyo"})

    assert body(parsed).startswith("1.234,50\xa0€ 1.234,5 2. Juli 2026 18:00")


def test_an_owner_prints_as_the_key_and_knows_the_rest() -> None:
    text = sms("{{ owner }} {{ owner.name }}", {"owner": "mei@tea.example.com"})

    assert text == "mei@tea.example.com Mei Lin"


def test_a_compiled_step_serves_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from rendering_project import NOW, campaign, company

    from outreach.channels.adapter import Text
    from outreach.rendering import Recipient, build_context

    step = compiled({"sms.txt": "{% for x in range(points) %}{{ key }}{% endfor %}"})

    def one(number: int) -> str:
        customer = {"key": f"<{number}>", "points": number % 7}
        context = build_context(customer, company(), campaign("sms"), NOW)
        message = step.render("sms", context, Recipient(number, "", "+1", "", ""))
        assert isinstance(message, Text)
        return message.text

    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(one, [n for n in range(1, 400) if n % 7]))

    assert texts == [f"<{n}>" * (n % 7) for n in range(1, 400) if n % 7]


def test_problems_are_told_all_at_once_with_their_places() -> None:
    said = problems(
        {
            "sms.txt": "Hi {{ frist_name }},\n{{ nickname|uper }} {{ brand.nmae }}\n"
            "{{ count('order') }} {% include 'fotter.txt' %}{% if x is strnig %}{% endif %}",
            "_base/footer.txt": "{{ unsubscribe_ulr }}",
            "sms.de.txt": "{% if %}",
        }
    )

    assert said == [
        "templates/hello/sms.de.txt:1:7: a value is missing here; write a name, say `first_name`",
        "templates/hello/sms.txt:1:7: customer has no `frist_name`; did you mean `first_name`?",
        "templates/hello/sms.txt:2:13: there is no filter `uper`; did you mean `upper`?",
        "templates/hello/sms.txt:2:30: `brand` has no `nmae`; did you mean `name`?",
        "templates/hello/sms.txt:3:4: no function `count` in templates;"
        " it works in `where:` and `when:` only",
        "templates/hello/sms.txt:3:34: there is no `fotter.txt`; did you mean `footer.txt`?",
        "templates/hello/sms.txt:3:54: customer has no `x`; take it out, or declare it under `attributes` of outreach.yaml; an important day is `dates.x`",
        "templates/hello/sms.txt:3:59: there is no test `strnig`; did you mean `string`?",
    ]
