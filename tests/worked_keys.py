"""Worked examples of what may be written in a campaign's file: what each key and value changes.

An example of `tests/keys/*.yaml` is a small project and what is done with it. What comes of it must be
what `expect` says, and something else once a place that the example `shows` is taken out of the file, or
holds what `instead` says.
"""

import copy
import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any

import yaml
from commands import Answer, outreach_here
from meanings import Loader, laid_over
from scripted_smtp import DROP, Post, smtp_server

FOLDER = Path(__file__).parent / "keys"
CAMPAIGN = "letter"
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
_STEP = re.compile(r"[^.\[\]]+|\[\]")


@dataclass(frozen=True, slots=True)
class Shown:
    """One place that an example shows; `instead` is what stands there otherwise, if anything."""

    place: str
    instead: Any = None

    @property
    def path(self) -> str:
        """The place without the value or kind."""
        return re.split(r"[=:]", self.place, maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Example:
    """One example; `given` holds what the base of all examples and of its file do not say."""

    file: str
    name: str
    shows: tuple[Shown, ...]
    given: Mapping[str, Any] = field(repr=False)
    expect: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}-{self.name}"


def examples() -> list[Example]:
    """Every example of every file, in order."""
    base = _read(FOLDER / "_given.yaml")
    return [
        _example(path.stem, base, each)
        for path in sorted(FOLDER.glob("[!_]*.yaml"))
        for each in _read(path)
    ]


def _read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader)


def _example(file: str, base: Mapping[str, Any], written: Mapping[str, Any]) -> Example:
    each = dict(written)
    name, shows, expect = each.pop("name"), each.pop("shows"), each.pop("expect")
    if unknown := set(each) - set(base):
        raise ValueError(f"{file}: {name}: {sorted(unknown)} mean nothing here")
    shown = [Shown(one) if isinstance(one, str) else Shown(**one) for one in shows]
    given = laid_over(base, each)
    for key in ("schedule", "steps", "audience"):  # as a whole: two kinds of one would be refused
        if key in each.get("campaign", {}):
            given["campaign"][key] = each["campaign"][key]
    return Example(file, name, tuple(shown), given, tuple(expect))


def without(campaign: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    """The campaign's file with a place taken out of it, or with what stands there instead."""
    changed = copy.deepcopy(dict(campaign))
    found: list[tuple[Any, Any]] = [({"": changed}, "")]
    for part in _STEP.findall(shown.path):
        held = [parent[key] for parent, key in found]
        if part == "[]":
            found = [(each, number) for each in held for number in range(len(each))]
        elif part == "*":
            found = [(each, key) for each in held for key in each]
        else:
            found = [(each, part) for each in held if isinstance(each, dict) and part in each]
    if not found:
        raise ValueError(f"{shown.place} is not written")
    for parent, key in reversed(found):
        if shown.instead is None:
            del parent[key]
        else:
            parent[key] = shown.instead
    return changed


def outcome(
    given: Mapping[str, Any], campaign: Mapping[str, Any], folder: Path, url: str
) -> list[str]:
    """What comes of it, line by line."""
    place = _Place(folder, url, given)
    place.write(campaign)
    lines = [f"{each['code']}" for each in place.call("check", "--json").json]
    if any(not line.startswith("warning-") for line in lines):
        return lines
    for each in given["do"]:
        [(verb, value)] = each.items()
        lines += getattr(place, f"_{verb}")(value)
    return [*lines, *place.sent()]


class _Place:
    """A project in a folder with a database; what an example does is a method `_<verb>`."""

    def __init__(self, folder: Path, url: str, given: Mapping[str, Any]) -> None:
        self.folder, self.url, self.given, self.now = folder, url, given, given["at"]
        self.ran = False

    def call(self, *arguments: object, **settings: str) -> Answer:
        """A command at the present instant of the example."""
        settings |= {"database_url": self.url, "secret_key": KEY}
        return outreach_here(self.folder, *arguments, "--now", self.now, **settings)

    def write(self, campaign: Mapping[str, Any]) -> None:
        """The files of the project, and the people in its database."""
        given = self.given
        files = {"outreach.yaml": given["company"], f"campaigns/{CAMPAIGN}.yaml": campaign}
        files |= {f"campaigns/{name}.yaml": each for name, each in given["others"].items()}
        for name, each in files.items():
            self._put(name, json.dumps(each, ensure_ascii=False))
        for name, text in given["templates"].items():
            self._put(f"templates/{name}", text)
        self._customers(given["customers"])
        self._events(given["events"])

    def _put(self, name: str, text: str | bytes) -> list[str]:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return []

    def _customers(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        self._put("people.jsonl", "".join(json.dumps(each) + "\n" for each in rows))
        answer = self.call("customers", "import", "people.jsonl", "--consent-source", "form")
        assert answer.code == 0, answer.out + answer.err
        return []

    def _events(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        if rows:
            self._put("events.jsonl", "".join(json.dumps(each) + "\n" for each in rows))
            answer = self.call("events", "import", "events.jsonl")
            assert answer.code == 0, answer.out + answer.err
        return []

    def _changed(self, keys: Mapping[str, Any]) -> list[str]:
        """The campaign's file is edited."""
        name = f"campaigns/{CAMPAIGN}.yaml"
        now = json.loads((self.folder / name).read_text("utf-8")) | dict(keys)
        return self._put(name, json.dumps(now, ensure_ascii=False))

    def _at(self, instant: str) -> list[str]:
        self.now = instant
        return []

    def _plan(self, at: str | None) -> list[str]:
        """What is planned: a line for each customer of the audience."""
        when = ("--at", at) if at else ()
        answer = self.call("plan", CAMPAIGN, "--json", "--rows", "rows.csv", *when)
        if answer.code:
            return [f"plan refused {answer.json['error']['code']}"]
        lines = [f"plan {answer.json['occurrence']}"]
        return lines + [_said(row) for row in self._rows()]

    def _run(self, at: str, **settings: str) -> list[str]:
        self.now, self.ran = at, True
        answer = self.call("run", "--until-idle", **settings)
        assert answer.code == 0, answer.out + answer.err
        return []

    def _run_cut_off(self, at: str) -> list[str]:
        """A mail server that hangs up instead of its first answer to a whole message."""
        post = Post()
        post.script = lambda stage, _: DROP if stage == "dot" and post.dots == 1 else None
        with smtp_server(post) as server:
            self._run(at, smtp_url=server.url, retry_first_seconds="0.01")
        return [f"mails {post.dots}"]

    def _send(self, words: str) -> list[str]:
        self.ran = True
        answer = self.call("send", *words.split(), "--yes", "--json")
        if answer.code:
            return [f"send refused {answer.json['error']['code']}"]
        return self._run(self.now)

    def _addresses(self, key: str) -> list[str]:
        """The addresses of links and pictures in the mail that a customer would get, tokens apart."""
        self.call("preview", CAMPAIGN, "--customer", key, "--out", "mails")
        mail = (self.folder / "mails" / f"{key}.email.eml").read_text("utf-8")
        found = re.findall(r'(?:href|src)="([^"]+)"', mail.partition("text/html")[2])
        plain = (unescape(each) for each in found if "unsubscribe" not in each)
        return [re.sub(r"/([coi])/.*", r"/\1/…", each) for each in plain]

    def _attached(self, key: str) -> list[str]:
        """The files in the mail that a customer would get."""
        self.call("preview", CAMPAIGN, "--customer", key, "--out", "mails")
        mail = (self.folder / "mails" / f"{key}.email.eml").read_bytes()
        parsed: Any = message_from_bytes(mail, policy=policy.default)
        files = ((each.get_filename(), each.get_content()) for each in parsed.iter_attachments())
        return [f"{name}: {content.strip()}" for name, content in files]

    def _call(self, words: str) -> list[str]:
        """A command, and what it prints."""
        answer = self.call(*words.split())
        return [line.rstrip() for line in answer.out.splitlines() if line.strip()]

    def _rows(self) -> list[dict[str, str]]:
        with (self.folder / "rows.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def sent(self) -> list[str]:
        """What has become of every delivery of the campaign, once anything ran."""
        if not self.ran:
            return []
        assert self.call("report", CAMPAIGN, "--rows", "rows.csv").code == 0
        return sorted(f"{row['planned_at']} {row['step']} {_said(row)}" for row in self._rows())


def _said(row: Mapping[str, str]) -> str:
    """One row in words: `ann: send email`, `bo: skip no_consent`, `cy: hold sms until …`."""
    words = [f"{row['key']}:", row["decision"], row["reason"], row["channel"]]
    words += [row["variant"], f"until {row['until']}" if row["until"] else ""]
    if row["state"]:
        words.append(f"({row['state']})")
    return " ".join(each for each in words if each)
