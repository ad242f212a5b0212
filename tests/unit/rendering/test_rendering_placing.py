"""Values are printed only where escaping keeps them text."""

import pytest

from outreach.rendering.placing import misplaced

WRONG = {
    "<h1 title={{ first_name }}>x</h1>": "1:11: the value of `title` is not in quotes",
    "<p>\n<a href={{ city }}>x</a>": "2:9: the value of `href` is not in quotes",
    "<p {{ city }}>x": "1:4: a value has no place in a tag outside of quotes",
    '<p onclick="f({{ city }})">': "1:15: a value has no place in `onclick`",
    "<script>let a = '{{ city }}'</script>": "1:18: a value has no place in `<script>`",
    '<a href="{{ city }}">x</a>': "1:10: a link in `href` begins with a value",
    "<img src='{{ city }}'>": "1:11: a link in `src` begins with a value",
}
NAMES = {"city", "first_name", "key"}
RIGHT = (
    '<a href="{{ url }}">of a macro</a>',
    '<p style="width: {{ orders }}px">x</p>',
    "<p>{{ salutation }}</p>",
    '<h1 title="{{ first_name }}">x</h1>',
    '<a href="{{ unsubscribe_url }}">x</a>',
    '<a href="{{ brand.website }}/x">x</a>',
    '<a href="https://example.com/{{ key }}">x</a>',
    '{% if a > 1 %}<p class="b">{{ city }}</p>{% endif %}',
    '<td{% if vip %} class="gold"{% endif %}>{{ city }}</td>',
    "<!-- {{ city }} -->",
    "<style>p { color: red }</style><p>1 < 2 {{ city }}</p>",
)


@pytest.mark.parametrize("text", WRONG)
def test_a_value_that_could_become_more_than_text_is_refused(text: str) -> None:
    found = misplaced("body.html", text, NAMES)

    assert [f"{each.line}:{each.column}: {each.message}" for each in found] == [WRONG[text]]


@pytest.mark.parametrize("text", RIGHT)
def test_a_value_between_tags_or_in_quotes_is_let_through(text: str) -> None:
    assert misplaced("body.html", text, NAMES) == []
