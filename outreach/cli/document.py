"""The one JSON document that `--json` prints."""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path


def write_document(document: object) -> None:
    """Print the document on stdout: dataclasses as objects, instants as ISO 8601."""
    # Another encoding could not hold every character: escapes are for all of them.
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    text = json.dumps(plain(document), ensure_ascii=ascii_only, indent=2)
    sys.stdout.write(text + "\n")


def plain(value: object) -> object:
    """A value as JSON knows it: a span in seconds, an amount as a number, no key for None as ''."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {"" if key is None else str(plain(key)): plain(v) for key, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(each) for each in value]
    return value
