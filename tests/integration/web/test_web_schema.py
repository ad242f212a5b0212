"""Whatever is asked of the pages and webhooks: no 500, and nothing changes that may not."""

import warnings

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from makers import grant, make_customer, make_delivery
from sqlalchemy import Engine
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator
from websites import AUTH_TOKEN, URL, Website, everything, website

from outreach.store.engine import writing
from outreach.tokens import Purpose

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it loads is not ours to mend
    import schemathesis

FEW = settings(
    max_examples=8,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
KINDS = (
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x",
    "application/json", "text/plain; charset=nonsense", "",
)  # fmt: skip
FIELDS = (
    "MessageSid",
    "MessageStatus",
    "From",
    "Body",
    "OptOutType",
    "ErrorCode",
    "yes",
    "shown_at",
)


def fill(engine: Engine) -> None:
    """A customer who got a mail."""
    with writing(engine) as conn:
        customer = make_customer(conn, "ann", email="ann@example.com", phone="+12025550101")
        grant(conn, customer)
        make_delivery(conn, customer, address="ann@example.com")


def test_schemathesis_finds_no_server_error(sqlite_engine: Engine) -> None:
    fill(sqlite_engine)
    before = everything(sqlite_engine)
    with website(sqlite_engine) as site:
        application = site.client.app
        schema = schemathesis.openapi.from_dict(application.openapi())  # type: ignore[attr-defined]
        schema.app = application
        operations = [one.ok() for one in schema.get_all_operations()]
        for operation in operations:
            ask_often(operation, site.client)

    assert {(one.method.upper(), one.path) for one in operations} == {
        ("GET", "/u/{token}"), ("POST", "/u/{token}"), ("GET", "/p/{token}"),
        ("POST", "/p/{token}"), ("POST", "/webhooks/twilio/status/{token}"),
        ("POST", "/webhooks/twilio/inbound"), ("GET", "/health"),
            ("GET", "/c/{token}/{name}"), ("GET", "/o/{token}"),
            ("GET", "/i/{name}"),
    }  # fmt: skip
    assert everything(sqlite_engine) == before


def ask_often(operation: schemathesis.APIOperation, client: TestClient) -> None:
    """Send what the schema allows."""

    @FEW
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(session=client, checks=[schemathesis.checks.not_a_server_error])

    ask()


def test_bodies_of_any_bytes_break_nothing(sqlite_engine: Engine) -> None:
    fill(sqlite_engine)
    before = everything(sqlite_engine)
    with website(sqlite_engine) as site:
        paths = [f"/u/{site.token(1)}", "/webhooks/twilio/inbound", "/webhooks/twilio/status/x"]

        @FEW
        @given(st.binary(max_size=200), st.sampled_from(KINDS), st.sampled_from(paths))
        def ask(body: bytes, kind: str, path: str) -> None:
            answer = site.client.post(path, content=body, headers={"Content-Type": kind})
            assert 400 <= answer.status_code < 500

        ask()

    assert everything(sqlite_engine) == before


def test_signed_forms_of_any_text_are_taken(sqlite_engine: Engine) -> None:
    fill(sqlite_engine)
    text = st.text(max_size=40) | st.sampled_from(("SM1", "sent", "+12025550101", "STOP", "HELP"))
    with website(sqlite_engine) as site:

        @FEW
        @given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=9), text, max_size=6))
        def ask(form: dict[str, str]) -> None:
            for path in (f"/p/{site.token(1)}", *twilio_paths(site)):
                signature = RequestValidator(AUTH_TOKEN).compute_signature(URL + path, form)
                headers = {"X-Twilio-Signature": signature}
                answer = site.client.post(path, data=form, headers=headers)
                assert answer.status_code in (200, 204), answer.text

        ask()


def twilio_paths(site: Website) -> list[str]:
    """Where Twilio tells of a delivery and of a text."""
    token = site.token(1, Purpose.CALLBACK)
    return [f"/webhooks/twilio/status/{token}", "/webhooks/twilio/inbound"]
