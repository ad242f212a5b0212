"""A small IMAP server on loopback (RFC 3501): one mailbox, and as many commands as are asked of it."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PASSWORD = "correct horse"
_FETCH = re.compile(rb"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)")
_STORE = re.compile(rb"UID STORE (\d+) \+FLAGS\.SILENT \((.*)\)")


@dataclass
class Mailbox:
    """Mails by their uid with the flags that each has; `drop_at` hangs up at a command."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    drop_at: bytes = b"nothing"
    commands: list[bytes] = field(default_factory=list)

    def add(self, *mails: bytes) -> None:
        for mail in mails:
            uid = len(self.mails) + 1
            self.mails[uid], self.flags[uid] = mail, set()

    def answer(self, command: bytes) -> bytes | None:
        """What is said before the final OK; None: the command is refused."""
        if command.startswith(b"LOGIN"):
            return b"" if PASSWORD.encode() in command else None
        if command.startswith(b"SELECT"):
            return b"* %d EXISTS\r\n" % len(self.mails) if b'"INBOX"' in command else None
        if command == b"UID SEARCH UNSEEN":
            unseen = [str(uid) for uid, flags in self.flags.items() if "\\Seen" not in flags]
            return f"* SEARCH {' '.join(unseen)}\r\n".encode()
        if found := _FETCH.fullmatch(command):
            part = self.mails[int(found[1])][: int(found[2])]
            head = b"* %s FETCH (UID %s BODY[]<0> {%d}\r\n" % (found[1], found[1], len(part))
            return head + part + b")\r\n"
        if found := _STORE.fullmatch(command):
            self.flags[int(found[1])] |= set(found[2].decode().split())
            return b""
        return b"* BYE\r\n" if command == b"LOGOUT" else b"* CAPABILITY IMAP4rev1\r\n"


@contextmanager
def imap_server(mailbox: Mailbox) -> Iterator[int]:
    """Serves the mailbox; the port."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            for line in self.rfile:
                tag, _, command = line.strip().partition(b" ")
                mailbox.commands.append(command)
                if command.startswith(mailbox.drop_at):
                    return
                said = mailbox.answer(command)
                self.wfile.write(
                    (said or b"") + tag + (b" NO no" if said is None else b" OK done") + b"\r\n"
                )

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
