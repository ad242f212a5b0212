"""The signed return path: where a mail that can not be delivered comes back to, one for each delivery.

`bounces+<token>@mail.example.com` (VERP): the envelope sender itself says which delivery it was,
whatever the mail that comes back looks like; it holds no address. Servers may change its case.
"""


def return_path(mailbox: str, token: str) -> str:
    """The envelope sender (MAIL FROM) of one delivery; `mailbox` is the setting `bounces`.

    Its local part is at most 64 octets (RFC 5321 4.5.3.1.1): 16 of the mailbox, 47 of the token.
    """
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_in(mailbox: str, recipient: str) -> str | None:
    """The token of a return path of this mailbox, in whatever case it came back; else None."""
    local, _, domain = mailbox.lower().rpartition("@")
    written, _, where = recipient.strip().strip("<>").lower().rpartition("@")
    mine, plus, token = written.partition("+")
    return token if plus and (mine, where) == (local, domain) else None
