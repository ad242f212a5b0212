"""Who is refused the page of `outreach dev`, over its real port."""

from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from commands import sample_project
from live import served


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a page that is only asked."""
    with served(sample_project(tmp_path_factory.mktemp("guard") / "project")) as url:
        yield url


def answer(
    url: str, path: str = "margin", method: str = "GET", **headers: str
) -> tuple[int, bytes]:
    """Status and body; the headers' names with `_` for `-`."""
    parts = urlsplit(url)
    talk = HTTPConnection("127.0.0.1", parts.port or 0, timeout=60)
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    talk.request(method, parts.path + path, headers=said)
    response = talk.getresponse()
    found = response.status, response.read()
    talk.close()
    return found


def test_our_own_page_is_answered_by_either_name(url: str) -> None:
    port = urlsplit(url).port
    ours = {"Origin": f"http://127.0.0.1:{port}", "Sec_Fetch_Site": "same-origin"}

    assert answer(url, **ours)[0] == 200
    assert answer(url, Host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
    ],
)
def test_foreign_pages_and_names_are_refused(url: str, headers: dict[str, str]) -> None:
    assert answer(url, **headers) == (403, b"")


def test_a_link_may_open_the_page(url: str) -> None:
    opens = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}

    assert answer(url, "", **opens, Sec_Fetch_Dest="document")[0] == 200


@pytest.mark.parametrize("path", ["/", "/margin", "/static/live.css", "/wrong-token/margin", "//"])
def test_without_the_token_there_is_nothing(url: str, path: str) -> None:
    parts = urlsplit(url)

    assert answer(f"{parts.scheme}://{parts.netloc}", path) == (404, b"")


def test_nothing_can_be_changed_by_it(url: str) -> None:
    assert [answer(url, method=each)[0] for each in ("POST", "PUT", "DELETE")] == [405] * 3


def test_the_pages_policy_lets_nothing_in(url: str) -> None:
    parts = urlsplit(url)
    talk = HTTPConnection("127.0.0.1", parts.port or 0, timeout=60)
    talk.request("GET", parts.path)
    response = talk.getresponse()
    policy = str(response.getheader("Content-Security-Policy")).split("; ")
    response.read()
    talk.close()

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert response.getheader("Referrer-Policy") == "no-referrer"
    assert response.getheader("Cross-Origin-Resource-Policy") == "same-origin"


@pytest.mark.parametrize("name", ["..%2Fpage.py", "%2e%2e/guard.py", "page.py", "nothing.js"])
def test_only_the_pages_own_files_are_given_out(url: str, name: str) -> None:
    assert answer(url, f"static/{name}")[0] == 404
