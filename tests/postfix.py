"""A real Postfix on loopback, with a configuration, queue and mailboxes of its own.

It accepts mail for anyone of `example.com` and finds out afterwards that most are not there: those
it returns to the envelope's sender. `bounces+anything@bounces.test` is a Maildir.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers import free_port, guarded, wait_until

MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/lib
maillog_file = {home}/maillog
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


@dataclass(frozen=True)
class Postfix:
    """A running one: where it listens, and where the mails of `bounces` arrive."""

    url: str
    bounces: Path
    log: Path


@contextmanager
def postfix() -> Iterator[Postfix]:
    """Start it; where it is not installed, or may not be started, RuntimeError says so."""
    if shutil.which("postfix") is None:
        raise RuntimeError("it is not installed")
    if os.geteuid() != 0:
        raise RuntimeError("only root may start it")
    with tempfile.TemporaryDirectory(
        prefix="outreach-postfix-", ignore_cleanup_errors=True
    ) as folder:
        home, port = Path(folder), free_port()
        _configure(home, port)
        log = home / "maillog"
        # not `postfix start-fg`: a script, which killed leaves its daemons behind
        with guarded([_daemons() / "master", "-c", home / "conf", "-s"], home, "TERM"):
            wait_until(lambda: log.exists() and "daemon started" in log.read_text(), home / "log")
            yield Postfix(f"smtp://127.0.0.1:{port}", home / "mail" / "bounces", log)


def _configure(home: Path, port: int) -> None:
    owner = pwd.getpwnam("postfix")
    names = {"home": home, "uid": owner.pw_uid, "gid": owner.pw_gid, "port": port}
    for folder in ("conf", "spool", "lib", "mail"):
        (home / folder).mkdir()
    for folder in ("lib", "mail"):
        os.chown(home / folder, owner.pw_uid, owner.pw_gid)
    home.chmod(0o755)  # its daemons give up root's rights
    (home / "conf" / "main.cf").write_text(MAIN.format(**names))
    (home / "conf" / "master.cf").write_text(MASTER.format(**names))
    # makes the folders of its queue
    subprocess.run(["postfix", "-c", home / "conf", "check"], check=True, capture_output=True)


def _daemons() -> Path:
    """The folder of its programs, as built."""
    asked = ["postconf", "-d", "-h", "daemon_directory"]
    return Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip())
