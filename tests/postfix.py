"""A real Postfix on loopback, with a configuration, queue and mailboxes of its own.

It accepts mail for anyone of `example.com` and finds out afterwards that most are not there: those
it returns to the envelope's sender. `bounces+anything@bounces.test` is a Maildir.
"""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers import free_port

MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/lib
maillog_file = {home}/log
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.bounces.test
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
recipient_delimiter = +
smtpd_reject_unlisted_recipient = no
smtpd_relay_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = bounces.test example.com
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = inline:{{ {{ bounces@bounces.test = bounces/ }} {{ k1@example.com = k1/ }} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup  unix n - n - 0 cleanup
qmgr     unix n - n 300 1 qmgr
rewrite  unix - - n - - trivial-rewrite
bounce   unix - - n - 0 bounce
defer    unix - - n - 0 bounce
trace    unix - - n - 0 bounce
verify   unix - - n - 1 verify
proxymap unix - - n - - proxymap
error    unix - - n - - error
retry    unix - - n - - error
discard  unix - - n - - discard
virtual  unix - n n - - virtual
anvil    unix - - n - 1 anvil
postlog  unix-dgram n - n - 1 postlogd
"""
PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Postfix:
    """A running one: where it listens, and where the mails of `bounces` arrive."""

    url: str
    bounces: Path
    log: Path


def why_not() -> str | None:
    """Why there can be none here: it is not installed, or master(8) may not start."""
    if shutil.which("postfix") is None:
        return "Postfix is not installed"
    return None if os.geteuid() == 0 else "Postfix must be started by root"


@contextmanager
def postfix(home: Path) -> Iterator[Postfix]:
    """Start it in a folder that others may pass through, and end it."""
    port, owner = free_port(), pwd.getpwnam("postfix")
    names = {"home": home, "uid": owner.pw_uid, "gid": owner.pw_gid, "port": port}
    conf = home / "conf"
    for folder in ("conf", "spool", "lib", "mail"):
        (home / folder).mkdir()
    for folder in ("lib", "mail"):
        os.chown(home / folder, owner.pw_uid, owner.pw_gid)
    (conf / "main.cf").write_text(MAIN.format(**names))
    (conf / "master.cf").write_text(MASTER.format(**names))
    started = subprocess.Popen(
        ["postfix", "-c", str(conf), "start-fg"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        _wait(started, home)
        yield Postfix(f"smtp://127.0.0.1:{port}", home / "mail" / "bounces", home / "log")
    finally:
        subprocess.run(["postfix", "-c", str(conf), "abort"], capture_output=True, check=False)
        started.communicate(timeout=PATIENCE_SECONDS)


def _wait(started: "subprocess.Popen[bytes]", home: Path) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not (home / "log").exists() or "daemon started" not in (home / "log").read_text():
        assert started.poll() is None, started.stdout and started.stdout.read()
        assert time.monotonic() < give_up
        time.sleep(0.05)
