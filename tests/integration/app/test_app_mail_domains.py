"""SPF and DMARC of the domains that our mails come from, asked of a DNS server of the test's own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from dns.resolver import Resolver

from outreach.app.context import Context, open_context
from outreach.app.mail_domains import mail_domains

SPF = {"tea.shop": "v=spf1 include:relay.net -all"}
DMARC = {"_dmarc.tea.shop": "v=DMARC1; p=reject"}


@contextmanager
def dns_server(records: dict[str, str]) -> Iterator[Resolver]:
    """A resolver that asks a server on this machine, which knows these TXT records."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        answering = threading.Thread(target=_answer, args=(listening, records))
        answering.start()
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], listening.getsockname()[1]
        try:
            yield resolver
        finally:
            listening.sendto(b"", listening.getsockname())
            answering.join()


def _answer(listening: socket.socket, records: dict[str, str]) -> None:
    while True:
        wire, asker = listening.recvfrom(4096)
        if not wire:
            return
        asked = dns.message.from_wire(wire)
        answer = dns.message.make_response(asked)
        name = asked.question[0].name
        found = records.get(name.to_text(omit_final_dot=True))
        if found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            texts = [f'"{each[:20]}" "{each[20:]}"' for each in found.split("|")]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        listening.sendto(answer.to_wire(), asker)


@pytest.fixture
def mailing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A project that sends from hello@mail.tea.shop and takes bounces at tea.shop."""
    yield from opened(tmp_path, monkeypatch, "bounces@tea.shop")


def opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, bounces: str, sender: str = "hello@mail.tea.shop"
) -> Iterator[Context]:
    (folder / "outreach.yaml").write_text(
        f"brand: {{name: Tea}}\nchannels: {{email: {{from: {sender}, bounces: {bounces}}}}}\n"
    )
    monkeypatch.setenv("OUTREACH_SMTP_URL", "smtp://localhost:1")
    context = open_context(folder)
    yield context
    context.close()


def said(context: Context, records: dict[str, str]) -> dict[str, tuple[bool, str]]:
    with dns_server(records) as resolver:
        return {each.check: (each.ok, each.detail) for each in mail_domains(context, resolver)}


def test_compliance_6_the_doctor_finds_spf_and_the_policy_of_a_domain_above(
    mailing: Context,
) -> None:
    assert said(mailing, SPF | DMARC) == {
        "spf": (True, "tea.shop: v=spf1 include:relay.net -all"),
        "dmarc": (True, "tea.shop: p=reject"),
    }


@pytest.mark.parametrize(
    ("records", "check", "detail"),
    [
        (DMARC, "spf", "tea.shop: no record; publish one that names your mail server"),
        (
            DMARC | {"tea.shop": "v=spf1 a -all|v=spf1 mx -all"},
            "spf",
            "tea.shop: 2 records, and none counts; publish one that names your mail server",
        ),
        (
            SPF,
            "dmarc",
            "mail.tea.shop: no record; publish a TXT record at _dmarc.mail.tea.shop; receivers of"
            " bulk mail ask for one",
        ),
        (
            DMARC | {"tea.shop": "v=spf1 +all"},
            "spf",
            "tea.shop: lets every server in the world send for it: v=spf1 +all;"
            " end it with -all or ~all",
        ),
        (
            SPF | {"_dmarc.tea.shop": "v=DMARC1; p=none|v=DMARC1; p=reject"},
            "dmarc",
            "tea.shop: 2 records, and none counts; publish one",
        ),
        (
            SPF | {"_dmarc.tea.shop": "v=DMARC1"},
            "dmarc",
            "tea.shop: the record has no policy and does not count;"
            " write p=none, quarantine or reject",
        ),
        (
            SPF | {"_dmarc.tea.shop": "v=DMARC1; p=none; aspf=s"},
            "alignment",
            "bounces go to tea.shop, so SPF says nothing for mail.tea.shop: only DKIM can;"
            " let `bounces` be an address of mail.tea.shop",
        ),
    ],
)
def test_compliance_6_the_doctor_names_what_is_missing(
    mailing: Context, records: dict[str, str], check: str, detail: str
) -> None:
    assert said(mailing, records)[check] == (False, detail)


def test_compliance_6_bounces_of_another_domain_are_not_aligned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [context] = opened(tmp_path, monkeypatch, "b@relay.net")

    assert said(context, DMARC | {"relay.net": "v=spf1 a -all"})["alignment"] == (
        False,
        "bounces go to relay.net, so SPF says nothing for mail.tea.shop: only DKIM can;"
        " let `bounces` be an address of mail.tea.shop, or of a domain above or below it",
    )


@pytest.mark.parametrize("bounces", ["b@mail.tea.shop", "b@in.mail.tea.shop", "b@in.tea.shop"])
def test_compliance_6_domains_above_below_and_beside_are_aligned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bounces: str
) -> None:
    [context] = opened(tmp_path, monkeypatch, bounces)
    records = {
        bounces.partition("@")[2]: "v=spf1 a -all",
        "_dmarc.mail.tea.shop": "v=DMARC1; p=none",
    }

    assert said(context, records).keys() == {"spf", "dmarc"}


def test_nothing_is_asked_about_made_up_domains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [context] = opened(tmp_path, monkeypatch, "b@example.com", "hello@mail.example.com")

    assert said(context, {}) == {}


def test_without_a_dns_that_answers_nothing_is_said_against_the_domains(mailing: Context) -> None:
    nobody = Resolver(configure=False)
    nobody.nameservers, nobody.port = ["127.0.0.1"], 1

    [found] = mail_domains(mailing, nobody)

    assert found.ok
    assert found.detail.startswith("not looked at: no DNS")
