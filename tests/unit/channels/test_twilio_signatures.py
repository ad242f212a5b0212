"""Twilio's signatures: those that its own client makes are believed, and no others."""

import pytest
from twilio.request_validator import RequestValidator

from outreach.channels.sms.webhooks import is_signed

TOKEN = "secret"
URL = "https://out.example.com/webhooks/twilio/inbound"
FIELDS = [("To", "+1202"), ("Body", "王总, ok"), ("To", "+1202"), ("To", "+1201"), ("Body", "")]
VALUES = {"To": ["+1201", "+1202"], "Body": ["", "王总, ok"]}


class Values(dict[str, list[str]]):
    """Fields with all their values, as frameworks give them to Twilio's client."""

    getlist = dict.__getitem__


def signature(url: str, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, Values(VALUES)))


@pytest.mark.parametrize(
    ("signed", "ours"),
    [
        (URL, URL),
        (URL + "?a=b", URL + "?a=b"),
        (URL.replace(".com", ".com:443"), URL),
        (URL, URL.replace(".com", ".com:443")),
        (URL.replace(".com", ".com:8443"), URL.replace(".com", ".com:8443")),
    ],
)
def test_what_twilio_signs_for_our_address_is_believed(signed: str, ours: str) -> None:
    assert is_signed(TOKEN, ours, FIELDS, signature(signed))


@pytest.mark.parametrize(
    ("token", "url", "fields", "said"),
    [
        ("", URL, FIELDS, signature(URL, "")),
        (TOKEN, URL, FIELDS, ""),
        (TOKEN, URL, FIELDS, "é"),
        (TOKEN, URL, FIELDS, signature(URL, "another")),
        (TOKEN, URL, FIELDS, signature("https://evil.example.com/webhooks/twilio/inbound")),
        (TOKEN, URL, [*FIELDS, ("From", "+1")], signature(URL)),
        (TOKEN, URL, FIELDS[:-1], signature(URL)),
    ],
)
def test_nothing_else_is(token: str, url: str, fields: list[tuple[str, str]], said: str) -> None:
    assert not is_signed(token, url, fields, said)
