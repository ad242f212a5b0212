"""Where the tags, attributes and style sheets of an HTML template stand, between its Jinja tags."""

from dataclasses import dataclass, field
from enum import StrEnum, auto

from jinja2 import nodes

VALUE = "jinja-value"  # stands for what a template prints inside an attribute


class At(StrEnum):
    """What the next character belongs to (WHATWG HTML 13.2.5, as far as mail needs it)."""

    TEXT = auto()
    COMMENT = auto()
    RAW = auto()  # inside style, script, title, textarea
    TAG = auto()  # between the attributes of a start tag
    ATTRIBUTE = auto()  # in an attribute's name
    VALUE = auto()  # in an attribute's value
    END_TAG = auto()


@dataclass(slots=True)
class Tag:
    """One start tag: where its name ends, what it carries, where its style attribute's value begins."""

    name: str
    node: nodes.TemplateData
    name_end: int
    attributes: list[tuple[str, str]] = field(default_factory=list)
    style_at: tuple[nodes.TemplateData, int] | None = None
    dynamic_class: bool = False


@dataclass(slots=True)
class Sheet:
    """A run of a style element's text in one piece of template data."""

    node: nodes.TemplateData
    start: int
    end: int


_RAW = frozenset({"style", "script", "title", "textarea"})


class Scanner:
    """Reads template data piece by piece; `events` lists start tags and names of end tags in order."""

    def __init__(self) -> None:
        self.at = At.TEXT
        self.events: list[Tag | str] = []
        self.sheets: list[Sheet] = []
        self.raw = ""  # the element whose text this is
        self._tag: Tag | None = None
        self._name = ""
        self._value = ""
        self.quote = ""  # that ends the attribute's value, "" when it stands bare

    def value(self) -> None:
        """Something printed by the template stands here."""
        if self.at is At.ATTRIBUTE and self._tag and self._name:
            self._name += VALUE
        elif self.at is At.VALUE and self._tag:
            self._value += VALUE
            self._tag.dynamic_class |= self._name == "class"

    def feed(self, node: nodes.TemplateData) -> None:
        """Read one piece of data."""
        text, position = node.data, 0
        while position < len(text):
            position = _STEPS[self.at](self, node, text, position)

    def _text(self, node: nodes.TemplateData, text: str, start: int) -> int:
        opening = text.find("<", start)
        if opening < 0 or opening + 1 == len(text):
            return len(text)
        if text.startswith("<!--", opening):
            self.at = At.COMMENT
            return opening + 4
        following = text[opening + 1]
        if following == "/" or following in "!?":
            self.at, self._name = At.END_TAG, ""
            return opening + 1 + (following == "/")
        if not following.isalpha():
            return opening + 1
        end = opening + 1
        while end < len(text) and (text[end].isalnum() or text[end] in ":-_"):
            end += 1
        self._tag = Tag(text[opening + 1 : end].lower(), node, end)
        self.at = At.TAG
        return end

    def _comment(self, _: nodes.TemplateData, text: str, start: int) -> int:
        end = text.find("-->", start)
        if end < 0:
            return len(text)
        self.at = At.TEXT
        return end + 3

    def _raw(self, node: nodes.TemplateData, text: str, start: int) -> int:
        end = text.lower().find(f"</{self.raw}", start)
        stop = len(text) if end < 0 else end
        if self.raw == "style" and stop > start:
            self.sheets.append(Sheet(node, start, stop))
        if end < 0:
            return len(text)
        self.at, self._name = At.END_TAG, ""
        return end + 2

    def _end_tag(self, _: nodes.TemplateData, text: str, start: int) -> int:
        end = text.find(">", start)
        self._name += text[start : end if end >= 0 else len(text)]
        if end < 0:
            return len(text)
        name = self._name.split()[0].lower() if self._name.split() else ""
        self.events.append(name)
        self.at, self.raw = At.TEXT, ""
        return end + 1

    def _in_tag(self, _: nodes.TemplateData, text: str, start: int) -> int:
        char = text[start]
        if char == ">":
            return self._close(start)
        if not (char.isspace() or char == "/"):
            self.at, self._name = At.ATTRIBUTE, ""
            return start
        return start + 1

    def _attribute(self, node: nodes.TemplateData, text: str, start: int) -> int:
        end = start
        while end < len(text) and not (text[end].isspace() or text[end] in "=>/"):
            end += 1
        self._name += text[start:end].lower()
        if end == len(text):
            return end
        if text[end] != "=":
            self._put_attribute()
            return end
        self.at, self._value, self.quote = At.VALUE, "", ""
        if end + 1 < len(text) and text[end + 1] in "\"'":
            self.quote = text[end + 1]
        if self._name == "style" and self.quote and self._tag:
            self._tag.style_at = node, end + 2
        return end + 1 + bool(self.quote)

    def _in_value(self, _: nodes.TemplateData, text: str, start: int) -> int:
        end = start
        while end < len(text) and not (
            text[end] == self.quote if self.quote else text[end].isspace() or text[end] == ">"
        ):
            end += 1
        self._value += text[start:end]
        if end < len(text):
            self._put_attribute()
            return end + bool(self.quote)
        return end

    def _put_attribute(self) -> None:
        if self._tag and self._name:
            self._tag.attributes.append((self._name, self._value))
        self.at, self._name, self._value = At.TAG, "", ""

    def _close(self, position: int) -> int:
        if self._tag is not None:
            self.events.append(self._tag)
            self.raw = self._tag.name if self._tag.name in _RAW else ""
        self.at = At.RAW if self.raw else At.TEXT
        self._tag = None
        return position + 1


_STEPS = {
    At.TEXT: Scanner._text,
    At.COMMENT: Scanner._comment,
    At.RAW: Scanner._raw,
    At.END_TAG: Scanner._end_tag,
    At.TAG: Scanner._in_tag,
    At.ATTRIBUTE: Scanner._attribute,
    At.VALUE: Scanner._in_value,
}
