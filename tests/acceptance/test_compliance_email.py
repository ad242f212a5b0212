"""Rules 1 to 5 and 8 for e-mail, each by its number; 6 and 7 are where bounces are tested.

1 one click, 2 looking, 3 tokens, 4 headers, 5 address and way out, 8 no answers to machines.
"""

import base64
import quopri
import re
from pathlib import Path

import pytest
from commands import outreach_here
from mailed import BOB, KEY, LATER, SETTINGS, URL, copied, link, mail, noes, plan, run, site

from outreach import tokens
from outreach.tokens import Purpose

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def project(sent: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copied(sent, tmp_path)


def test_compliance_1_one_https_address_and_the_post_header(sent: Path) -> None:
    headers = mail(sent)

    assert re.fullmatch(rf"<{URL}/u/[a-z0-9.]+>", headers["List-Unsubscribe"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_compliance_1_one_post_from_anywhere_is_enough_and_may_be_repeated(project: Path) -> None:
    address = link(project)

    with site(project) as browser:
        foreign = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
        answers = [browser.post(address, data=ONE_CLICK, headers=foreign) for _ in range(2)]
        files = {name: (None, value) for name, value in ONE_CLICK.items()}
        answers.append(browser.post(address, files=files))

    assert [(one.status_code, one.history) for one in answers] == [(200, [])] * 3
    assert plan(project)["skip"] == {"consent_withdrawn": 1}
    assert run(project, LATER) == 2  # Bob and Cat


def test_compliance_2_looking_never_unsubscribes(project: Path) -> None:
    with site(project) as browser:
        pages = [browser.request(how, link(project)) for how in ("GET", "HEAD", "OPTIONS")]

    assert [page.status_code for page in pages] == [200, 200, 204]
    assert '<form method="post">' in pages[0].text
    assert noes(project) == []


def test_compliance_3_a_token_holds_no_address_in_any_encoding(sent: Path) -> None:
    token = link(sent).rpartition("/")[2]
    address = b"ann@example.com"

    written = [address, base64.b64encode(address), base64.b32encode(address), address.hex().encode(),
               quopri.encodestring(address), address[::-1]]  # fmt: skip
    assert not any(each.decode().lower()[:6] in token for each in written)
    assert len(token.rpartition(".")[2]) * 5 >= 128  # bits, in base32


def test_compliance_3_a_key_that_was_replaced_still_verifies_and_others_do_not(
    project: Path,
) -> None:
    new = "another0123456789abcdefghijklmnopqrst"
    with site(project, keys=new) as browser:
        browser.post(link(project), data=ONE_CLICK)
        assert noes(project) == []

    with site(project, keys=f"{new},{KEY}") as browser:
        browser.post(link(project), data=ONE_CLICK)
    assert noes(project) == [("email", "greetings", "ann@example.com")]


def test_compliance_3_a_forged_token_gets_the_same_answer_and_changes_nothing(
    project: Path,
) -> None:
    token = link(project).rpartition("/")[2]
    forged = [token[:-1] + ("a" if token[-1] != "a" else "b"), token.replace(".1.", ".2.", 1),
              tokens.sign([KEY], Purpose.MESSAGE, 1)]  # fmt: skip

    with site(project) as browser:
        answers = [browser.post(f"/u/{each}", data=ONE_CLICK) for each in forged]
        assert noes(project) == []
        answers.append(browser.post(f"/u/{token}", data=ONE_CLICK))

    said = [{**one.headers, "": one.content, "status": one.status_code} for one in answers]
    assert said == [said[0]] * 4


@pytest.mark.parametrize("key", ["changeme" * 5, "short", "a" * 40])
def test_compliance_3_start_up_refuses_a_default_key(sent: Path, key: str) -> None:
    answer = outreach_here(sent, "web", **SETTINGS | {"secret_key": key})

    assert answer.code == 3
    assert "OUTREACH_SECRET_KEY" in answer.err
    assert key not in answer.err


def test_compliance_4_headers_of_bulk_mail_name_the_list_and_nobody(sent: Path) -> None:
    mails = [mail(sent, number) for number in (1, 3)]

    assert {each["Precedence"] for each in mails} == {"bulk"}
    assert {each["List-Id"] for each in mails} == {"<greetings.example.com>"}
    feedback = {each["Feedback-ID"] for each in mails}
    assert len(feedback) == 1
    assert len(feedback.pop().split(":")) == 4
    assert len({each["Message-ID"] for each in mails}) == 2


def test_compliance_5_address_and_way_out_in_both_parts_and_a_true_sender(sent: Path) -> None:
    parts = [part.get_payload(decode=True) for part in mail(sent).walk() if not part.is_multipart()]
    bodies = [" ".join(part.decode().split()) for part in parts if isinstance(part, bytes)]

    assert len(bodies) == 2
    for body in bodies:
        assert "12 Linden Row, Philadelphia, PA 19103, USA" in body
        assert URL + link(sent) in body
    assert mail(sent)["From"] == "Lark & Linden <hello@example.com>"


def test_compliance_8_our_mail_asks_machines_not_to_answer_and_theirs_get_none(
    project: Path,
) -> None:
    """RFC 3834: ours is bulk; what comes back by mail is never answered (see feedback)."""
    assert mail(project)["Precedence"] == "bulk"
    assert BOB not in mail(project).as_string()
