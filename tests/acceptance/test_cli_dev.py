"""`outreach dev` as a process: where its page is, and how it ends."""

import json
import signal
import socket
import sys
from pathlib import Path
from urllib.request import urlopen

from commands import NOW, environment, outreach_here
from pythons import Process
from waiting import wait_for

PATIENCE_SECONDS = 60


def begun(project: Path, *words: str) -> tuple[Process, Path, Path]:
    """The command under way, and the files of its stdout and stderr."""
    out, err = project / "out", project / "err"
    command = [sys.executable, "-m", "outreach", "dev", "--no-browser", "--now", NOW, *words]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = Process(command, project, environment(), stdout, stderr)
    wait_for(lambda: out.read_text().endswith(("it.\n", "}\n")))
    return process, out, err


def test_ctrl_c_ends_it_in_order_also_while_a_page_listens(project: Path) -> None:
    process, out, err = begun(project)
    url = out.read_text().partition("\n")[0]

    with urlopen(f"{url}events") as news:
        first = [news.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        code = process.wait(PATIENCE_SECONDS)

    assert (code, err.read_text()) == (0, "")
    assert first == [b"retry: 500\n", b'data: "hello"\n']
    assert out.read_text() == f"{url}\nCtrl-C ends it.\n"


def test_the_address_is_on_loopback_and_never_the_same(project: Path) -> None:
    found = []
    for _ in range(2):
        process, out, _ = begun(project, "--json")
        found.append(json.loads(out.read_text())["url"])
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0

    tokens = [url.split("/")[3] for url in found]
    assert all(url.startswith("http://127.0.0.1:") for url in found)
    assert [len(token) for token in tokens] == [32, 32]
    assert tokens[0] != tokens[1]


def test_a_change_of_a_file_is_told_to_the_page(project: Path) -> None:
    process, out, _ = begun(project)
    url = out.read_text().partition("\n")[0]

    with urlopen(f"{url}events") as news:
        heard = {news.readline() for _ in range(4)}
        (project / "templates/service-notice/subject.txt").write_text("Another subject\n")
        while b'data: "edited"\n' not in heard:
            heard.add(news.readline())
    with urlopen(f"{url}show?campaign=service-notice") as answer:
        seen = json.load(answer)["look"]["seen"]
    process.terminate()
    process.wait(PATIENCE_SECONDS)

    assert [each["preview"]["subject"] for each in seen] == ["Another subject", ""]


def test_a_port_that_is_taken_is_told(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = outreach_here(project, "dev", "--no-browser", "--port", port)

    assert (answer.code, answer.out) == (3, "")
    assert answer.err == (
        f"outreach: `127.0.0.1:{port}` can not be listened on: Address already in use; see --port\n"
    )


def test_without_a_project_there_is_no_page(tmp_path: Path) -> None:
    answer = outreach_here(tmp_path, "dev", "--no-browser")

    assert answer.code == 3
    assert "there is no outreach.yaml" in answer.err
