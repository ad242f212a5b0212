"""Files that go along with mails, as a campaign names them."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from outreach.campaign.model import Attachment
from outreach.documents import FileModel, RefusalError
from outreach.settings.written import Words, YesNo, text_as

_OFFICE = "application/vnd.openxmlformats-officedocument"
MEDIA_TYPES = {  # by ending; what mail servers refuse (programs, archives of them) is not among them
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "txt": "text/plain",
    "csv": "text/csv",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
    "mp3": "audio/mpeg",
}
PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "webp"})
FILLED = frozenset({"ics", "txt", "vcf"})  # whose values can be written so that they stay values


def ending_of(name: str) -> str:
    """A file's ending in small letters, without its dot; "" for none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def parse_attachment(text: str) -> str:
    """A file in the template's folder, in its `attachments/`, or in those of `_base`."""
    parts = text.split("/")
    if any(part in ("", ".", "..") or "\\" in part for part in parts):
        raise RefusalError(
            f"`{text}` can not be attached",
            "name a file in the template's folder: `price-list.pdf`",
        )
    if ending_of(text) not in MEDIA_TYPES:
        known = ", ".join(MEDIA_TYPES)
        raise RefusalError(f"`{text}` is of no kind that may be attached", f"these may: {known}")
    return text


FileName = Annotated[str, *text_as(parse_attachment, "a file's name", "price-list.pdf")]


class AttachmentFile(FileModel):
    """One file that goes along with each mail."""

    file: FileName = Field(
        description="A file in the template's folder, its `attachments/`, or those of `_base`.",
        examples=["price-list.pdf"],
    )
    name: Words | None = Field(
        None,
        description="What its reader sees. Left out: the file's name.",
        examples=["Prices.pdf"],
    )
    fill: YesNo = Field(
        False, description="It is a template, filled for each customer: .ics, .vcf and .txt."
    )

    def attachment(self) -> Attachment:
        """What it says, as the rest uses it."""
        return Attachment(self.file, self.name or self.file.rpartition("/")[2], self.fill)


def _read(written: object) -> object:
    found = {"file": written} if isinstance(written, str) else written
    if isinstance(found, dict) and found.get("fill") is True:
        ending = ending_of(str(found.get("file")))
        if ending in MEDIA_TYPES and ending not in FILLED:
            raise RefusalError(
                f"a .{ending} can not be filled for each customer",
                "a .txt, an .ics or a .vcf can; else take `fill` out",
                at=("fill",),
            )
    return found


def _as_list(written: object) -> object:
    if written in ([], {}):
        raise RefusalError("no file is named", "name one, or take the key out")
    return written if isinstance(written, list) else [written]


def _distinct(files: tuple[AttachmentFile, ...]) -> tuple[AttachmentFile, ...]:
    names = [each.attachment().name for each in files]
    for place, name in enumerate(names):
        if name in names[:place]:
            hint = "write another `name` for one of them"
            raise RefusalError(f"two attachments are called `{name}`", hint, at=(place,))
    return files


Item = Annotated[
    AttachmentFile, BeforeValidator(_read, json_schema_input_type=FileName | AttachmentFile)
]
Attachments = Annotated[
    tuple[Item, ...],
    BeforeValidator(_as_list, json_schema_input_type=tuple[Item, ...]),
    AfterValidator(_distinct),
]
