"""docs/bounces.md, "Try it", word by word: an answer, a complaint, and a bounce of nobody's."""

import shutil
from pathlib import Path

import pytest
from documented import answers_of, commands_of, run_words, try_it


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_the_documented_mails_are_taken_as_the_page_says(tmp_path: Path) -> None:
    section = try_it("bounces.md")

    said = run_words(commands_of(section), tmp_path).splitlines()

    answers = answers_of(section)
    assert len(answers) == 3
    assert said[-3:] == answers
