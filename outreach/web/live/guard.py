"""Who may read the live page: it shows customers, and any page of a browser may ask loopback."""

import secrets
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class Guard:
    """Lets through what asks by our own name, from our own page, with the token in its path.

    - `Host` must be the page's own: a stranger's name that leads to loopback (DNS rebinding) is none.
    - `Origin`, where a browser sends it, likewise; `Sec-Fetch-Site` tells of the other requests of
      foreign pages. Only to open the page itself may anybody ask: its answer can not be framed.
    - The token is a path's first part, and nobody else is told whether there is anything behind.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with the path behind the token."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token, _, rest = str(scope["path"]).removeprefix("/").partition("/")
        headers = Headers(scope=scope)
        if not self._is_ours(headers):
            await _refuse(send, 403)
        elif not secrets.compare_digest(token.encode(), self._token.encode()):
            await _refuse(send, 404)
        elif scope["method"] not in ("GET", "HEAD"):
            await _refuse(send, 405)
        else:
            behind = {**scope, "path": f"/{rest}", "root_path": ""}
            await self._app(behind, receive, send)

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        if headers.get("host", "").lower() not in self._hosts:
            return False
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in self._origins():
            return False
        opens = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
        site = headers.get("sec-fetch-site", "none")
        return site in ("none", "same-origin") or opens == ("navigate", "document")

    def _origins(self) -> Iterable[str]:
        return (f"http://{host}" for host in self._hosts)


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
