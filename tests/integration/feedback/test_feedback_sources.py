"""Where mails come back: a Maildir, a folder of files, an IMAP mailbox (a server of our own)."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import mails
import pytest
from imap_server import PASSWORD, Mailbox, imap_server
from makers import NOW, make_customer, make_delivery
from sqlalchemy import Engine, func, select

from outreach import tokens
from outreach.channels.email.return_path import return_path
from outreach.clock import Instants
from outreach.errors import SetupError
from outreach.feedback.folder import Folder
from outreach.feedback.imap import ImapMailbox
from outreach.feedback.origin import Seal
from outreach.feedback.taking import Mailroom, Taken
from outreach.store.engine import reading, writing
from outreach.store.tables import deliveries
from outreach.tokens import Purpose

KEYS = ["k" * 40]
MAILBOX = "bounces@mail.example.com"
AWAY = mails.answer("us@example.com", "Auto-Submitted: auto-replied")
STRANGE = mails.answer("us@example.com")


class Room:
    """A mailroom on a database with three messages that were sent, and the bounces of each."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.fails = False
        self._room = Mailroom(engine, Seal(KEYS, MAILBOX))
        with writing(engine) as conn:
            ids = [make_delivery(conn, make_customer(conn, f"k{n}")) for n in range(3)]
        paths = [return_path(MAILBOX, tokens.sign(KEYS, Purpose.BOUNCE, id_)) for id_ in ids]
        self.bounces = [mails.notification(path) for path in paths]

    def take(self, raw: bytes) -> Taken:
        taken = self._room.take(raw, Instants(NOW, NOW))
        if self.fails:  # after the commit, before the mail is moved
            raise KeyboardInterrupt
        return taken

    @property
    def bounced(self) -> int:
        d = deliveries.c
        with reading(self.engine) as conn:
            query = select(func.count()).where(d.state == "bounced")
            return conn.execute(query).scalar_one()


@pytest.fixture
def room(sqlite_engine: Engine) -> Room:
    return Room(sqlite_engine)


def look(source: Folder | ImapMailbox, room: Room) -> Counter[str]:
    return source.look(room.take, threading.Event())


def names(folder: Path) -> dict[str, list[str]]:
    return {
        each.name: sorted(file.name for file in each.iterdir())
        for each in sorted(folder.iterdir())
        if each.is_dir()
    }


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.mark.parametrize("place", ["", "new"])
def test_mails_are_moved_out_of_a_folder_once_they_are_taken(
    room: Room, drop: Path, place: str
) -> None:
    folder = drop / place
    folder.mkdir(exist_ok=True)
    for name, raw in (("1", room.bounces[0]), ("2", AWAY), ("3", STRANGE), ("4.eml", b"\0")):
        (folder / name).write_bytes(raw)
    (folder / ".half-written").write_bytes(room.bounces[1])

    found = [look(Folder(drop), room) for _ in range(2)]

    assert found[0] == {"bounced": 1, "automatic": 1, "reply": 1, "unreadable": 1}
    assert (found[1], room.bounced) == ({}, 1)
    moved = names(drop)
    assert (moved["done"], moved["strange"]) == (["1", "2"], ["3", "4.eml"])


def test_a_mail_that_was_taken_but_not_moved_is_taken_again_and_changes_nothing(
    room: Room, drop: Path
) -> None:
    (drop / "1").write_bytes(room.bounces[0])
    room.fails = True
    with pytest.raises(KeyboardInterrupt):
        look(Folder(drop), room)
    room.fails = False

    found = look(Folder(drop), room)

    assert (found, room.bounced, names(drop)) == ({"bounced": 1}, 1, {"done": ["1"]})


def test_two_mails_of_one_name_are_both_kept(room: Room, drop: Path) -> None:
    for raw in room.bounces[:2]:
        (drop / "mail.eml").write_bytes(raw)
        look(Folder(drop), room)

    assert (len(names(drop)["done"]), room.bounced) == (2, 2)


def test_only_files_are_read_and_no_link_is_followed(
    room: Room, tmp_path: Path, drop: Path
) -> None:
    (tmp_path / "secret").write_bytes(room.bounces[0])
    (drop / "link.eml").symlink_to(tmp_path / "secret")
    os.mkfifo(drop / "pipe.eml")
    (drop / "folder.eml").mkdir()

    (drop / "notes.txt").write_bytes(room.bounces[1])

    assert look(Folder(drop), room) == {}
    assert len(list(drop.iterdir())) == 4
    assert (tmp_path / "secret").exists()


def test_a_folder_that_is_not_there_is_told(room: Room, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="where mails come back, can not be used"):
        look(Folder(tmp_path / "none"), room)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with imap_server(mailbox) as port:
        yield port


def test_a_mailbox_s_mails_are_marked_once_they_are_taken(
    room: Room, mailbox: Mailbox, port: int
) -> None:
    mailbox.add(room.bounces[0], STRANGE, AWAY)
    source = ImapMailbox(f"imap://bounces@127.0.0.1:{port}/INBOX", PASSWORD)

    found = [look(source, room) for _ in range(2)]

    assert found == [{"bounced": 1, "reply": 1, "automatic": 1}, {}]
    assert mailbox.flags == {1: {"\\Seen"}, 2: {"\\Seen", "\\Flagged"}, 3: {"\\Seen"}}
    assert room.bounced == 1


def test_a_connection_that_breaks_loses_no_mail(room: Room, mailbox: Mailbox, port: int) -> None:
    mailbox.add(*room.bounces)
    source = ImapMailbox(f"imap://bounces@127.0.0.1:{port}/INBOX", PASSWORD)
    mailbox.drop_at = b"UID STORE 2"

    with pytest.raises(SetupError):
        look(source, room)
    seen = {uid for uid, flags in mailbox.flags.items() if flags}
    mailbox.drop_at = b"nothing"
    look(source, room)

    assert (seen, room.bounced) == ({1}, 3)
    assert all(flags == {"\\Seen"} for flags in mailbox.flags.values())


@pytest.mark.parametrize(
    ("url", "password", "said"),
    [
        ("imap://bounces@127.0.0.1:{port}/INBOX", "wrong", "does not let us sign in"),
        ("imap://bounces@127.0.0.1:{port}/Other", PASSWORD, "has no such mailbox"),
        ("imap://bounces@127.0.0.1:1/INBOX", PASSWORD, "can not be reached"),
        ("imaps://bounces@127.0.0.1:{port}/INBOX", PASSWORD, "can not be reached"),
    ],
)
def test_a_mailbox_that_can_not_be_used_is_told_without_its_password(
    room: Room, port: int, url: str, password: str, said: str
) -> None:
    with pytest.raises(SetupError, match=said) as told:
        look(ImapMailbox(url.format(port=port), password), room)

    assert password not in told.value.message
