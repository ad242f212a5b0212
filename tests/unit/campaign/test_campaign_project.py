"""A project folder: what is read of it, what is refused, everything wrong in it at once."""

import copy
import os
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
import yaml

from outreach.campaign.campaign_file import CampaignFile
from outreach.campaign.check import check_project, load_project
from outreach.campaign.project import MAX_FILE_BYTES, read_project
from outreach.documents.fields import keys_of
from outreach.errors import SetupError

COMPANY = b"brand: {name: Harbour Tea}\ntopics: {greetings: {}}\n"
CAMPAIGN = (
    b"owner: mei\ntopic: greetings\naudience: everyone\nschedule: {manual: true}\n"
    b"steps: [{id: a, channels: [sms, email], template: hello}]\n"
)
PROJECT = {
    "outreach.yaml": COMPANY,
    "campaigns/hello.yaml": CAMPAIGN,
    "templates/hello/subject.txt": b"Hi",
    "templates/hello/body.html": b"<p>Hi",
    "templates/hello/sms.txt": b"Hi",
}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def refusals(folder: Path) -> list[str]:
    return [str(problem) for problem in read_project(folder).problems]


def said(**changed: bytes | None) -> list[str]:
    """What is said of the project with some files changed; `__` for `/`, None for gone."""
    files: dict[str, bytes] = dict(PROJECT)
    for name, content in changed.items():
        path = name.replace("__", "/").replace("_yaml", ".yaml").replace("_txt", ".txt")
        files.pop(path, None)
        if content is not None:
            files[path] = content
    return [str(problem) for problem in check_project(files)]


def test_a_folder_that_is_called_as_a_campaign_is_told(tmp_path: Path) -> None:
    (write(tmp_path, PROJECT) / "campaigns/k.yaml").mkdir()
    (tmp_path / "templates/k.yaml").mkdir()

    assert refusals(tmp_path) == [
        "campaigns/k.yaml: this is a folder, not a file; rename it, or put a file there"
    ]


def test_a_project_is_read_as_bytes_by_path(tmp_path: Path) -> None:
    others = {"README.md": b"", "campaigns/.hidden.yaml": b"", "templates/hello/body.html~": b""}

    files = read_project(write(tmp_path, {**PROJECT, **others, "lifecycles/own.yaml": b"x"}))

    assert files.problems == ()
    assert files.contents == {**PROJECT, "lifecycles/own.yaml": b"x"}


def test_names_are_the_same_from_every_system(tmp_path: Path) -> None:
    write(tmp_path, {"outreach.yaml": COMPANY, "templates/cafe\u0301/sms.txt": b""})

    assert "templates/café/sms.txt" in read_project(tmp_path).contents


def test_a_folder_without_a_project_is_a_broken_set_up(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"there is no outreach\.yaml in") as caught:
        read_project(tmp_path)

    assert "outreach init" in caught.value.hint


def test_links_inside_the_project_are_followed_to_files(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    (tmp_path / "templates/hello/body.txt").symlink_to("sms.txt")

    assert read_project(tmp_path).contents["templates/hello/body.txt"] == b"Hi"


def test_links_out_of_the_project_are_refused(tmp_path: Path) -> None:
    project = write(tmp_path / "project", PROJECT)
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (project / "templates/hello/a.txt").symlink_to(tmp_path / "secret.txt")
    (project / "templates/hello/b.txt").symlink_to("nowhere")
    (project / "templates/loop").symlink_to(project)
    (project / "templates/self").symlink_to("self")

    assert refusals(project) == [
        "templates/hello/a.txt: this link leads to a folder or out of the project; copy the files",
        "templates/hello/b.txt: this link leads nowhere; take it out",
        "templates/loop: this link leads to a folder or out of the project; copy the files",
        "templates/self: this link leads nowhere; take it out",
    ]


def test_what_is_no_file_or_too_large_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, "templates/hello/big.html": b"x" * (MAX_FILE_BYTES + 1)})
    write(tmp_path, {"templates/" + "d/" * 17 + "x.txt": b""})
    os.mkfifo(tmp_path / "templates/hello/pipe")

    assert refusals(tmp_path) == [
        f"templates/{'d/' * 15}d: this is more than 16 folders deep; make it flatter",
        "templates/hello/big.html: the file is too large; at most 2,097,152 bytes",
        "templates/hello/pipe: this is no file; take it out",
    ]


def test_a_sound_project_has_no_problem() -> None:
    project = load_project(PROJECT)

    assert project.problems == ()
    assert list(project.campaigns) == ["hello"]
    assert project.campaigns["hello"].file == "campaigns/hello.yaml"


def test_a_campaign_with_a_problem_is_left_out_and_the_others_stay() -> None:
    project = load_project({**PROJECT, "campaigns/bad.yaml": b"x: 1\n"})

    assert list(project.campaigns) == ["hello"]


def test_templates_must_be_there() -> None:
    place = "campaigns/hello.yaml:5:51"
    assert said(templates__hello__sms_txt=None) == [
        f"{place}: channel `sms` needs `templates/hello/sms.txt`; write it, or take the channel out"
    ]
    assert said(templates__hello__subject_txt=None) == [
        f"{place}: channel `email` needs `templates/hello/subject.txt`; write it, or take the "
        "channel out"
    ]


def test_a_mail_needs_a_body() -> None:
    files = {path: each for path, each in PROJECT.items() if "body" not in path}

    assert [str(each) for each in check_project(files)] == [
        "campaigns/hello.yaml:5:51: channel `email` needs `templates/hello/body.html` or "
        "`templates/hello/body.mjml` or `templates/hello/body.txt`; write it, or take the channel out"
    ]


def test_a_body_may_be_mjml() -> None:
    files = {path: each for path, each in PROJECT.items() if "body" not in path}

    assert check_project(files | {"templates/hello/body.de.mjml": b""}) == []


def test_a_variant_for_a_language_is_a_file_too() -> None:
    files = {path.replace("sms.txt", "sms.zh-Hans.txt"): each for path, each in PROJECT.items()}

    assert check_project(files) == []


def test_a_folder_that_is_not_there_is_guessed() -> None:
    assert said(campaigns__hello_yaml=CAMPAIGN.replace(b"hello", b"helo")) == [
        "campaigns/hello.yaml:5:51: there is no folder `templates/helo`; did you mean `hello`?"
    ]


def test_a_folder_to_be_made_is_told_with_its_files() -> None:
    assert said(campaigns__hello_yaml=CAMPAIGN.replace(b"hello", b"zzz")) == [
        "campaigns/hello.yaml:5:51: there is no folder `templates/zzz`; make the folder, with "
        "`sms.txt`, `subject.txt`, `body.html` or `body.mjml` or "
        "`body.txt` in it"
    ]


def test_files_that_would_never_be_read_are_named() -> None:
    files = {
        **PROJECT,
        "campaigns/a.yml": b"",
        "campaigns/sub/b.yaml": b"",
        "campaigns/c d.yaml": CAMPAIGN,
        "campaigns/e.yaml.txt": b"",
        "campaigns/f.YAML": b"",
        "campaigns/notes.txt": b"",
    }
    why = "this file is not read; put it right into campaigns/, and let its name end in `.yaml`"

    assert [str(each) for each in check_project(files)] == [
        f"campaigns/a.yml: {why}",
        "campaigns/c d.yaml: `c d` can not be a name; use letters, digits, `-` and `_`, at most 80, "
        "a letter or digit first",
        f"campaigns/e.yaml.txt: {why}",
        f"campaigns/f.YAML: {why}",
        f"campaigns/sub/b.yaml: {why}",
    ]


def test_without_the_companys_file_campaigns_are_still_checked() -> None:
    keys = ", ".join(f"`{key}`" for key in sorted(keys_of(CampaignFile))[:20])

    assert said(outreach_yaml=None, campaigns__hello_yaml=CAMPAIGN + b"x: 1\n") == [
        f"campaigns/hello.yaml:6:1: unknown key `x`; the keys here are {keys} …",
        "outreach.yaml: the project has no such file; make one with `outreach init`",
    ]


def test_ten_broken_files_are_all_named_at_once() -> None:
    broken = {
        "campaigns/a-tab.yaml": b"owner: mei\nschedule:\n\tmanual: true\n",
        "campaigns/b-latin.yaml": b"owner: mei\ntitle: Gr\xfc\xdfe\n",
        "campaigns/c-twice.yaml": CAMPAIGN + b"owner: tom\n",
        "campaigns/d-key.yaml": CAMPAIGN + b"cadance: []\n",
        "campaigns/e-topic.yaml": CAMPAIGN.replace(b": greetings", b": greeting"),
        "campaigns/f-cron.yaml": CAMPAIGN.replace(b"manual: true", b"cron: 0 99 * * *"),
        "campaigns/g-later.yaml": CAMPAIGN.replace(b"sms, email", b"push"),
        "campaigns/h-empty.yaml": b"",
        "campaigns/i-quote.yaml": CAMPAIGN + b"title: 'Hi\n",
        "outreach.yaml": COMPANY + b"brands: x\n",
    }

    problems = check_project({**PROJECT, **broken})

    assert [f"{each.file}:{each.line}:{each.column} {each.code}" for each in problems] == [
        "campaigns/a-tab.yaml:3:1 syntax",
        "campaigns/b-latin.yaml:2:10 encoding",
        "campaigns/c-twice.yaml:6:1 duplicate-key",
        "campaigns/d-key.yaml:6:1 unknown-key",
        "campaigns/e-topic.yaml:2:8 unknown-topic",
        "campaigns/f-cron.yaml:4:18 bad-value",
        "campaigns/g-later.yaml:5:28 not-supported",
        "campaigns/h-empty.yaml:1:1 empty",
        "campaigns/i-quote.yaml:6:8 syntax",
        "outreach.yaml:3:1 unknown-key",
    ]


FULL: dict[str, Any] = {
    "outreach.yaml": {
        "brand": {"name": "Tea", "timezone": "Europe/Berlin", "locale": "de"},
        "topics": {"greetings": {"title": "Hi", "transactional": True}},
        "cadence": [{"at_most": 1, "per": "7 days", "channel": "sms", "topic": "greetings"}],
        "quiet_hours": [{"span": "21:00-08:00", "country": "NO", "days": ["sun"]}],
        "attributes": {"tea": "text"},
        "channels": {"sms": {"from": "Tea", "price": {"NO": 1}, "stop_words": ["NEI"]}},
        "owners": {"mei": {"name": "Mei"}},
        "control_group": "2%",
    },
    "campaigns/hello.yaml": {
        "owner": "mei",
        "topic": "greetings",
        "audience": {"stage": ["growth"], "where": "x", "exclude": {"tags": "vip"}},
        "schedule": {"at": "2026-01-01T10:00", "window": "09:00-20:00", "days": "mon-fri"},
        "steps": [{"id": "a", "channels": ["sms"], "template": "hello", "when": "x"}],
        "cadence": [{"at_most": 1, "per": "7 days"}],
        "experiment": {"holdout": "1%"},
        "on_unknown": "resend",
    },
}


def paths_in(tree: Any) -> Iterator[tuple[Any, ...]]:
    pairs = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree)
        if isinstance(tree, list)
        else ()
    )
    for key, value in pairs:
        yield (key,)
        yield from ((key, *path) for path in paths_in(value))


@pytest.mark.parametrize("file", FULL)
@pytest.mark.parametrize("value", [None, True, 5, "x", [], [[]], {"a": {"b": []}}], ids=str)
def test_any_value_anywhere_is_a_problem_or_fine_and_never_raises(file: str, value: object) -> None:
    as_bytes = {path: yaml.safe_dump(tree).encode() for path, tree in FULL.items()}
    assert check_project({**PROJECT, **as_bytes}) == []

    for *parents, last in paths_in(FULL[file]):
        tree = copy.deepcopy(FULL[file])
        reduce(getitem, parents, tree)[last] = value
        project = load_project({**PROJECT, **as_bytes, file: yaml.safe_dump(tree).encode()})
        assert (project.company is None or not project.campaigns) <= bool(project.problems)
