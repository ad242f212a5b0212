"""Files that go along with a mail: pictures in its page, and attachments."""

from base64 import encodebytes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from outreach.campaign.attachment_file import MEDIA_TYPES, ending_of
from outreach.campaign.model import Attachment
from outreach.rendering.sources import Sources

MOST_BYTES = 10 * 1024 * 1024  # of all files of a mail: many servers take no more than 10 to 25 MB
MANY_BYTES = 512 * 1024  # a mail with so much costs more time than the rest of it
HOSTED = "/i/"  # below the public URL
_FOLD = 75  # octets
_SIGNATURES: Mapping[str, tuple[bytes, ...]] = {  # what files of a kind begin with
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "pdf": (b"%PDF-",),
    **dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods", "odp", "epub"), (b"PK\x03\x04",)),
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it goes along; two of the same bytes, name and kind are the same."""

    file_name: str  # what its reader sees
    media_type: str
    digest: str
    content: bytes = field(compare=False, repr=False)
    encoded: bytes = field(compare=False, repr=False)  # base64 (RFC 2045 section 6.8)

    @property
    def id(self) -> str:
        """What a page calls it: `cid:…` (RFC 2392)."""
        return f"{self.digest}@outreach"

    @property
    def hosted_name(self) -> str:
        """What it is called where it is fetched from."""
        return f"{self.digest}.{ending_of(self.file_name) or 'bin'}"


def form_of(attachment: Attachment) -> Asset:
    """An attachment that is filled for each customer, without any content."""
    return Asset(attachment.name, MEDIA_TYPES[ending_of(attachment.file)], "", b"", b"")


@lru_cache(maxsize=256)
def asset_of(file_name: str, content: bytes, ending: str) -> Asset:
    """The file of these bytes; `ending` says its kind."""
    media_type = MEDIA_TYPES[ending]
    digest = blake2b(content, digest_size=10, person=media_type.encode()[:16]).hexdigest()
    encoded = encodebytes(content).replace(b"\n", b"\r\n")
    return Asset(file_name, media_type, digest, content, encoded)


def begins_as(ending: str, content: bytes) -> bool:
    """Whether a file may be what its ending says, by how it begins."""
    return content.startswith(_SIGNATURES.get(ending, (b"",)))


def found_in(sources: Sources, file: str, locale: str) -> str | None:
    """The path of an attachment: in the template's folder, then in `_base`; each `attachments/` first."""
    return sources.resolve(f"attachments/{file}", locale) or sources.resolve(file, locale)


def fixed(sources: Sources, attachment: Attachment, path: str) -> Asset:
    """An attachment that is the same for everyone of a language."""
    return asset_of(attachment.name, sources.files[path], ending_of(attachment.file))


def encoded_text(text: str, media_type: str) -> bytes:
    """A filled attachment's text as it stands in the mail, with CRLF line ends.

    Long lines of calendars and cards are folded (RFC 5545 3.1, RFC 6350 3.2).
    """
    lines = text.rstrip("\n").split("\n")
    if media_type != MEDIA_TYPES["txt"]:
        lines = [folded for line in lines for folded in _folded(line)]
    raw = "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
    return encodebytes(raw).replace(b"\n", b"\r\n")


def _folded(line: str) -> Iterable[str]:
    """The line cut so that none has over 75 octets; the further ones begin with a blank."""
    piece, room = "", _FOLD
    for char in line:
        size = len(char.encode("utf-8", "replace"))
        if size > room:
            yield piece
            piece, room = " ", _FOLD - 1
        piece, room = piece + char, room - size
    yield piece
