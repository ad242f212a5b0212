"""The address under which customers reach us: links in messages begin with it."""

from urllib.parse import urlsplit

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def check_public_url(written: str) -> str:
    """The address without a slash at its end; ValueError says what is wrong with it.

    RFC 8058 §3.1 wants https; http is let through for this very machine, to try things out.
    """
    url = written.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, 0
    if not host or port == 0 or any(not each.isprintable() or each.isspace() for each in url):
        raise ValueError("this is no web address; write for example `https://mail.example.com`")
    if parts.query or parts.fragment or parts.username is not None or parts.password is not None:
        raise ValueError(
            "only scheme, host and path may stand here; write for example `https://mail.example.com`"
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ValueError("mail programs want https for unsubscribing; begin it with `https://`")
    return url
