"""Which texts are a keyword, and which are texts."""

import pytest

from outreach.feedback.keywords import Keyword, keyword_of

STOP_WORDS = ("stopp", "ARRÊT", "退订", "R", "❌")


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", " Stop. ", "STOP!!!", "StopAll", "stop all", "unsubscribe", "Cancel", "END",
     "quit", "revoke", "OPTOUT", "opt-out", "Opt out", "«stop»", "ＳＴＯＰ", "\nstop\r\n",
     "Stopp", "arrêt", "arre\u0302t", "退订", "退订。", "r", "❌", "STOP \u26d4\ufe0f", "Stop \u2639\ufe0f"],
)  # fmt: skip
def test_a_word_alone_opts_out_whatever_its_case_and_punctuation(text: str) -> None:
    assert keyword_of(text, STOP_WORDS) is Keyword.STOP


@pytest.mark.parametrize(
    "text", ["nonstop", "", "  ", "!", "don't stop", "stop it now", "the end", "startled", "✅"]
)
def test_a_text_that_only_holds_such_a_word_is_a_text(text: str) -> None:
    assert keyword_of(text, STOP_WORDS) is None


@pytest.mark.parametrize(
    ("text", "keyword"),
    [("Start", "start"), ("UNSTOP.", "start"), ("help", "help"), ("Info?", "help")],
)
def test_there_is_a_way_back_and_a_way_to_ask(text: str, keyword: str) -> None:
    assert keyword_of(text) == keyword


def test_a_stop_word_of_the_company_goes_before_every_other_meaning() -> None:
    assert keyword_of("Info", ("info",)) is Keyword.STOP
