"""What marketing mail owes its reader, added where the template forgot it (COMPLIANCE e-mail 5)."""

from collections.abc import Mapping

from markupsafe import escape

from outreach.rendering.locales import chain
from outreach.settings.company import Brand

_OPT_OUT = {
    "en": "Unsubscribe",
    "de": "Abbestellen",
    "fr": "Se désabonner",
    "es": "Darse de baja",
    "zh-hans": "退订",
    "zh-hant": "取消訂閱",
    "ja": "配信停止",
}


def complete(
    html: str, text: str, brand: Brand, variables: Mapping[str, object]
) -> tuple[str, str]:
    """Both parts with the postal address and the way out in them; "" for HTML stays ""."""
    address, url = brand.postal_address.strip(), str(variables["unsubscribe_url"])
    text = _complete_text(text, address, url, variables)
    return _complete_html(html, address, url, variables) if html else "", text


def _complete_text(text: str, address: str, url: str, variables: Mapping[str, object]) -> str:
    lacking = [] if _holds(text, address) else [address]
    if url not in text:
        lacking.append(f"{_opt_out(variables)}: {url}")
    return text.rstrip() + "\n\n" + "\n".join(lacking) + "\n" if lacking else text


def _complete_html(html: str, address: str, url: str, variables: Mapping[str, object]) -> str:
    address, link = str(escape(address)), str(escape(url))
    lacking = [] if _holds(html, address) else [address]
    if link not in html:
        lacking.append(f'<a href="{link}">{_opt_out(variables)}</a>')
    if not lacking:
        return html
    paragraph = f'<p style="font-size: 12px;">{"<br>".join(lacking)}</p>\n'
    end = html.lower().rfind("</body>")
    return html[:end] + paragraph + html[end:] if end >= 0 else html + paragraph


def with_pixel(html: str, address: str) -> str:
    """The page with a picture nobody sees at its end: to fetch it tells that the page is shown."""
    picture = f'<img src="{escape(address)}" width="1" height="1" alt="" style="display:block">\n'
    end = html.lower().rfind("</body>")
    return html[:end] + picture + html[end:] if end >= 0 else html + picture


def _holds(text: str, address: str) -> bool:
    """Whether the address is there, however its lines are broken."""
    return address in text or " ".join(address.split()) in " ".join(text.split())


def _opt_out(variables: Mapping[str, object]) -> str:
    words = (_OPT_OUT.get(name.lower()) for name in chain(str(variables["language"])))
    return next(filter(None, words), _OPT_OUT["en"])
