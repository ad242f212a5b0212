"""What makes a text message dearer than it needs to be."""

import pytest
from rendering_project import problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi,\nit’s here", "2:3: `’` is not in the GSM alphabet: 70 instead of 160 characters fit a segment; write `'`"),
        ("Tea – now", "1:5: `–` is not in the GSM alphabet: 70 instead of 160 characters fit a segment; write `-`"),
        ("10\u00a0€", "1:3: a space that does not break is not in the GSM alphabet: 70 instead of 160 characters fit a segment; write a plain space, or nothing"),
        ("您好，茶", None),
        ("Grüße an {{ first_name or '–' }}", None),
        ("Hi", None),
    ],
)  # fmt: skip
def test_signs_of_word_processors_are_told(text: str, said: str | None) -> None:
    found = problems({"sms.txt": text})

    assert found == ([] if said is None else [f"templates/hello/sms.txt:{said}"])


def test_a_text_of_many_segments_is_told() -> None:
    [found] = problems({"sms.txt": "tea " * 120})

    assert "each message takes 4 segments or more" in found
