"""What is done with the project of a worked example, and what comes of it, line by line."""

import csv
import math
import re
import threading
from collections.abc import Mapping
from email import message_from_bytes, message_from_string, policy
from html import unescape
from pathlib import Path
from typing import Any

import structlog
from key_desk import Desk
from key_mails import MailVerbs
from sqlalchemy import select

from outreach.app.check import check_files
from outreach.app.company_clock import last_morning
from outreach.app.describing import describe_campaign
from outreach.app.logs import set_up_logs
from outreach.app.owing import look_after_owed
from outreach.app.planning import Plan, plan_campaign
from outreach.app.previewing import Preview, preview_campaign
from outreach.app.project import save_rules
from outreach.app.reporting import report_on
from outreach.app.stages import refresh_stages
from outreach.app.tasks import list_tasks
from outreach.channels.registry import adapter_name
from outreach.errors import OutreachError
from outreach.owed.floors import owed_by_campaign
from outreach.scheduler import run_here
from outreach.store.customers import contexts
from outreach.store.engine import reading
from outreach.store.giving_up import give_up_at
from outreach.store.tables import customers
from outreach.vocabulary import TASKS_AHEAD

CAMPAIGN = "letter"
_READING = (
    "at", "plan", "addresses", "attached", "describe", "mail", "text", "load", "cost", "owed",
    "adapter", "back", "answer",
)  # fmt: skip
_PRINTING = ("plan", "describe", "explain", "outlook", "preview")  # commands that only read


def outcome(desk: Desk, given: Mapping[str, Any]) -> list[str]:
    """What comes of a project; the desk's base is emptied if it was written to."""
    desk.write(_files(given))
    place = _Place(desk, given)
    try:
        return place.outcome()
    finally:
        if not all(_only_reads(*step) for each in given["do"] for step in each.items()):
            desk.empty()


def _only_reads(verb: str, value: Any) -> bool:
    return verb in _READING or (verb == "call" and value.split()[0] in _PRINTING)


def _files(given: Mapping[str, Any]) -> dict[str, object]:
    files = {"outreach.yaml": given["company"], f"campaigns/{CAMPAIGN}.yaml": given["campaign"]}
    files |= {f"campaigns/{name}.yaml": each for name, each in given["others"].items()}
    files |= {f"templates/{name}": text for name, text in given["templates"].items()}
    if given["lifecycle"]:
        files["lifecycles/own.yaml"] = given["lifecycle"]
    return files


class _Place(MailVerbs):
    """A project that is looked at; what an example does is a method `_<verb>`."""

    def outcome(self) -> list[str]:
        """What comes of it: what `check` says, and of a project without a fault what is done."""
        try:
            lines = self.desk.people(self.given)
        except OutreachError:
            return self._checked(asks_base=False)
        lines += self._checked(asks_base=True)
        if any(not line.startswith(("warning-", "refused")) for line in lines):
            return lines
        for each in self.given["do"]:
            [(verb, value)] = each.items()
            lines += getattr(self, f"_{verb}")(value)
        return [*lines, *self._sent()]

    def _checked(self, *, asks_base: bool) -> list[str]:
        found = check_files(self.context, asks_base=asks_base).problems
        return [each.code for each in found]

    def _changed(self, keys: Mapping[str, Any]) -> list[str]:
        """The campaign's file is edited."""
        self.desk.put(f"campaigns/{CAMPAIGN}.yaml", {**self.given["campaign"], **keys})
        return []

    def _at(self, instant: str) -> list[str]:
        self.now = instant
        return []

    def _customers(self, rows: Any) -> list[str]:
        return self.desk.take_in("customers", rows, self.now)

    def _events(self, rows: Any) -> list[str]:
        return self.desk.take_in("events", rows, self.now)

    def _plan(self, at: str | None) -> list[str]:
        """What is planned: a line for each customer of the audience."""
        rows = self.desk.folder / "rows.csv"
        try:
            found = plan_campaign(self.context, CAMPAIGN, at, rows)
        except OutreachError as error:
            return [f"plan refused {error.code}"]
        return [f"plan {found.occurrence.isoformat()}", *map(_said, _rows(rows))]

    def _closely(self) -> Plan:
        return plan_campaign(self.context, CAMPAIGN, closely=True)

    def _load(self, _: None) -> list[str]:
        """What rate limits make of the plan's messages."""
        return [f"{each.limit}: {each.messages} at {each.rate}" for each in self._closely().load]

    def _cost(self, _: None) -> list[str]:
        """What the plan's messages cost."""
        found = self._closely().cost
        return [f"{channel} {sum_} {found.currency}" for channel, sum_ in found.channels.items()]

    def _run(self, at: str) -> list[str]:
        self.now, self.ran = at, True
        given_up: list[Any] = []
        context, stop = self.context, threading.Event()
        set_up_logs(context.environment.log, chatty=False)
        run_here(context, until_idle=True, stop=stop, give_up=given_up.append)
        structlog.reset_defaults()
        give_up_at(math.inf, context.engine)  # its worker has ended, and the process goes on
        assert not given_up
        return []

    def _send(self, words: str) -> list[str]:
        self.ran = True
        answer = self.call("send", *words.split(), "--yes", "--json")
        if answer.code:
            return [f"send refused {answer.json['error']['code']}"]
        return self._run(self.now)

    def _describe(self, word: str) -> list[str]:
        """The sentences about the campaign that hold a word."""
        text = describe_campaign(self.context, CAMPAIGN, "en").text
        return [each for each in re.split(r"(?<=\.) ", text) if word in each]

    def _previews(self, key: str, channel: str) -> list[Preview]:
        found = preview_campaign(self.context, CAMPAIGN, key)
        return [each for each in found if each.channel == channel and each.text]

    def _mail(self, key: str) -> list[str]:
        """A customer's mail, as they read it."""
        lines = []
        for each in self._previews(key, "email"):
            headers: Any = message_from_string(each.text, policy=policy.default)
            lines += [f"from {each.sender}"] if each.sender else []
            lines += [f"answers to {headers['Reply-To']}"] if headers["Reply-To"] else []
            lines += [line for line in each.body.splitlines() if line and "unsubscribe" not in line]
        return lines

    def _text(self, key: str) -> list[str]:
        """A customer's text message."""
        return [f"from {each.sender}: {each.body}" for each in self._previews(key, "sms")]

    def _addresses(self, key: str) -> list[str]:
        """The addresses of links and pictures in the mail that a customer would get, tokens apart."""
        mail = "".join(each.text for each in self._previews(key, "email"))
        found = re.findall(r'(?:href|src)="([^"]+)"', mail.partition("text/html")[2])
        plain = (unescape(each) for each in found if "unsubscribe" not in each)
        return [re.sub(r"/([coi])/.*", r"/\1/…", each) for each in plain]

    def _attached(self, key: str) -> list[str]:
        """The files in the mail that a customer would get."""
        [mail] = self._previews(key, "email")
        parsed: Any = message_from_bytes(mail.text.encode(), policy=policy.default)
        files = ((each.get_filename(), each.get_content()) for each in parsed.iter_attachments())
        return [f"{name}: {content.strip()}" for name, content in files]

    def _owed(self, _: None) -> list[str]:
        """Who is given to the campaign because nobody was in touch."""
        context, campaign = self.context, (0, CAMPAIGN)
        now, company = context.now(), context.company()
        given = owed_by_campaign(context.engine, company, campaign, last_morning(context, now), now)
        ids = [id_ for several in given for id_ in several]
        with reading(context.engine) as conn:
            return sorted(f"owed: {each['key']}" for each in contexts(conn, ids, {}).values())

    def _tasks(self, at: str) -> list[str]:
        """The tasks from what customers said, and of whom they are."""
        self.now = at
        context = self.context
        save_rules(context)
        look_after_owed(context)
        shown = [
            each.task for state in TASKS_AHEAD for each in reversed(list_tasks(context, state))
        ]
        return [
            f"{each.customer} {each.cause} {each.state} of {each.owner or 'nobody'}"
            f" due {each.due_at:%d %H:%M}"
            + (f" to {each.escalated_to}" if each.escalated_to else "")
            for each in shown
        ]

    def _stages(self, at: str) -> list[str]:
        """Where customers stand once their stages were refreshed."""
        self.now = at
        context = self.context
        refresh_stages(context)
        with reading(context.engine) as conn:
            rows = conn.execute(select(customers.c.key, customers.c.stage).order_by("key"))
            return [f"{key}: {stage}" for key, stage in rows]

    def _adapter(self, channel: str) -> list[str]:
        """What sends on a channel."""
        context = self.context
        return [adapter_name(channel, context.company(), context.environment)]

    def _call(self, words: str) -> list[str]:
        """A command, and what it prints."""
        answer = self.call(*words.split())
        return [line.rstrip() for line in answer.out.splitlines() if line.strip()]

    def _sent(self) -> list[str]:
        """What has become of every delivery of the campaign, once anything ran."""
        if not self.ran:
            return []
        rows = self.desk.folder / "rows.csv"
        report_on(self.context, CAMPAIGN, rows_to=rows)
        return sorted(f"{row['planned_at']} {row['step']} {_said(row)}" for row in _rows(rows))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _said(row: Mapping[str, str]) -> str:
    """One row in words: `ann: send email`, `bo: skip no_consent`, `cy: hold sms until …`."""
    words = [f"{row['key']}:", row["decision"], row["reason"], row["channel"]]
    words += [row["variant"], f"until {row['until']}" if row["until"] else ""]
    if row["state"]:
        words.append(f"({row['state']})")
    return " ".join(each for each in words if each)
