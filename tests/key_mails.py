"""What is done with the mails of a worked example: sent to a server, come back, complained about."""

import threading
from collections.abc import Iterable, Mapping
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import mails
from commands import Answer, outreach_here
from key_desk import KEY, Desk
from scripted_smtp import DROP, Post, smtp_server
from sqlalchemy import select

from outreach import tokens
from outreach.app.context import Context
from outreach.app.feedback import Watch, feedback_checks, take_mail
from outreach.channels.email.return_path import return_path
from outreach.feedback import texts
from outreach.store.engine import reading
from outreach.store.tables import runs
from outreach.tokens import Purpose


class MailVerbs:
    """A project that is looked at; what an example does is a method `_<verb>`."""

    def __init__(self, desk: Desk, given: Mapping[str, Any]) -> None:
        self.desk, self.given, self.now = desk, given, given["at"]
        self.ran = False

    @property
    def context(self) -> Context:
        """The project as it stands, at the present instant of the example."""
        return self.desk.context(self.now)

    def call(self, *arguments: object, **settings: str) -> Answer:
        """A command at that instant."""
        settings |= {"database_url": self.desk.url, "secret_key": KEY}
        return outreach_here(self.desk.folder, *arguments, "--now", self.now, **settings)

    def _run_cut_off(self, at: str) -> list[str]:
        """A mail server that hangs up instead of its first answer to a whole message."""
        post = Post()
        post.script = lambda stage, _: DROP if stage == "dot" and post.dots == 1 else None
        self._run_by(post, at)
        return [f"mails {post.dots}"]

    def _run_by(self, post: Post, at: str) -> None:
        self.now, self.ran = at, True
        with smtp_server(post) as server:
            answer = self.call(
                "run", "--until-idle", smtp_url=server.url, retry_first_seconds="0.01"
            )
        assert answer.code == 0, answer.out + answer.err

    def _answer(self, text: str) -> list[str]:
        """What is answered to a text; it is not kept."""
        context = self.context
        said = texts.Text("twilio", "SM1", "+4915123456701", text)
        with context.engine.connect() as conn:
            answer = texts.take(conn, context.company(), said, context.now()).answer
            conn.rollback()
        return [f"answer: {answer}"]

    def _refused(self, given: Mapping[str, Any]) -> list[str]:
        """A mail server that refuses some recipients, or texts, for good; what the run says."""
        post = Post()
        refuses = tuple(f"{key}@example.com" for key in given["keys"])

        def script(stage: str, recipient: str) -> str | None:
            if stage == given["stage"] and recipient in refuses:
                return str(given["says"])
            return None

        post.script = script
        self._run_by(post, given["at"])
        return self._runs()

    def _runs(self) -> list[str]:
        with reading(self.context.engine) as conn:
            rows = conn.execute(select(runs.c.state, runs.c.reason))
            return [f"run {state}" + (f": {reason}" if reason else "") for state, reason in rows]

    def _lines(self, at: str) -> list[str]:
        """How many connections a mail server sees that takes its time."""
        post = Post(pause_seconds=0.3)
        self._run_by(post, at)
        return [f"connections {post.connections}"]

    def _complain(self, keys: Iterable[str]) -> list[str]:
        """Readers call the mail they got abuse."""
        for key in keys:
            text = self._captured(key).read_text("utf-8")
            mail: Any = message_from_string(text, policy=policy.default)
            take_mail(self.context, mails.report("abuse", mail["Message-ID"]))
        return self._runs()

    def _come_back(self, key: str) -> list[str]:
        """A customer's mail comes back to the mailbox `bounces@example.com`."""
        token = tokens.sign([KEY], Purpose.BOUNCE, int(self._captured(key).stem))
        path = return_path("bounces@example.com", token)
        taken = take_mail(self.context, mails.notification(path), path)
        return [f"came back: {taken.kind.value} {taken.delivery is not None}"]

    def _captured(self, key: str) -> Path:
        files = self.desk.folder.glob(".outreach/outbox/email/*/*.eml")
        theirs = (path for path in files if f"To: {key}@example.com" in path.read_text("utf-8"))
        return max(theirs, key=lambda path: path.stat().st_mtime_ns)

    def _dropped(self, name: str) -> list[str]:
        """An answer lies in a folder of mails; what is taken from there."""
        self.desk.put(name, mails.answer("a@example.com"))
        watch = Watch(lambda: self.context)
        watch.look(threading.Event())
        return [f"taken: {kind}" for kind in watch.taken.elements()]

    def _back(self, _: None) -> list[str]:
        """What `doctor` says of the place where mails come back."""
        return [each.detail for each in feedback_checks(self.context)]
