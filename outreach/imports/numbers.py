"""Telephone numbers as most are written, twelve times as fast as by `phonenumbers`, with its rules.

Only numbers of digits and plain punctuation that are valid are read here; of all others nothing is
said, and the library is asked. The steps are those of its `parse` and `is_valid_number`, on its own
metadata (libphonenumber's); tests compare the two on random numbers of every country.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    REGION_CODE_FOR_NON_GEO_ENTITY,
    SUPPORTED_REGIONS,
    PhoneMetadata,
    PhoneNumberDesc,
)

Wholes = dict[int, re.Pattern[str]]  # by the count of digits, what matches all of a valid number

_PUNCTUATION = str.maketrans("", "", " ()-./")
_LONGEST = 40  # characters; the library reads up to 250
_MOST_DIGITS = 17


class _Desc(NamedTuple):
    """A sort of number: its pattern, and the counts of digits it may have (none: any)."""

    pattern: str
    lengths: tuple[int, ...]

    def has(self, count: int) -> bool:
        return not self.lengths or count in self.lengths


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a number is read in a region."""

    code: str  # country calling code
    international: re.Pattern[str] | None  # what is dialled before a country calling code there
    national: re.Pattern[str] | None  # what is dialled before an area code there
    transforms: bool  # `national` may stand for other digits
    general: Wholes


@dataclass(frozen=True, slots=True)
class _Region:
    """One of the regions that have a country calling code."""

    name: str
    leading: re.Pattern[str] | None  # numbers that begin so are its own, valid or not
    valid: Wholes


def read_plain(word: str, region: str) -> tuple[str, str] | None:
    """The valid number as `+491711234567`, and whose it is; None: not for sure, ask `phonenumbers`.

    `region` is the country to read it by where it has no `+`.
    """
    digits = word.translate(_PUNCTUATION)
    international = digits.startswith("+")
    if international:
        digits = digits[1:]
    if not (digits.isdigit() and digits.isascii()) or len(word) > _LONGEST:
        return None
    if international:
        code = _code_of(digits)
        reading = _main_reading(code) if code else None
        number = digits[len(code) :]
    else:
        reading, number = _reading(region), digits
        if reading is not None and _begins_abroad(number, reading):
            return None
    if reading is None:
        return None
    significant = _without_prefix(number, reading)
    found = None if significant is None else _region_of(significant, reading.code)
    return None if found is None else (f"+{reading.code}{significant}", found)


def _code_of(digits: str) -> str:
    """The country calling code that the number begins with; "" when none."""
    if digits.startswith("0"):
        return ""
    for length in (1, 2, 3):
        if int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return ""


def _begins_abroad(digits: str, reading: _Reading) -> bool:
    """Whether the number may begin with a country calling code, dialled or not."""
    if reading.international is not None and reading.international.match(digits):
        return True
    return digits.startswith(reading.code) and not _matches(digits, reading.general)


def _without_prefix(digits: str, reading: _Reading) -> str | None:
    """The national significant number; None where the library must look at it."""
    found = reading.national and reading.national.match(digits)
    if found:
        if reading.transforms and (not found.groups() or found.groups()[-1] is not None):
            return None
        digits = digits[found.end() :]
    return digits if _matches(digits, reading.general) else None


def _region_of(digits: str, code: str) -> str | None:
    """The region in which the number is in use; None when it is in none."""
    for region in _regions(code):
        if region.leading is None:
            if _matches(digits, region.valid):
                return region.name
        elif region.leading.match(digits):
            return region.name if _matches(digits, region.valid) else None
    return None


def _matches(digits: str, wholes: Wholes) -> bool:
    whole = wholes.get(len(digits))
    return whole is not None and whole.fullmatch(digits) is not None


@lru_cache(maxsize=512)
def _main_reading(code: str) -> _Reading | None:
    return _reading(COUNTRY_CODE_TO_REGION_CODE[int(code)][0])


@lru_cache(maxsize=512)
def _reading(region: str) -> _Reading | None:
    if region not in SUPPORTED_REGIONS or region == REGION_CODE_FOR_NON_GEO_ENTITY:
        return None
    metadata = _metadata(region)
    international, national = metadata.international_prefix, metadata.national_prefix_for_parsing
    return _Reading(
        str(metadata.country_code),
        re.compile(international) if international else None,
        re.compile(national) if national else None,
        bool(metadata.national_prefix_transform_rule),
        _wholes(_descs(metadata.general_desc)),
    )


@lru_cache(maxsize=512)
def _regions(code: str) -> tuple[_Region, ...]:
    """The regions of a country calling code, in the order in which the library asks them."""
    names = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    found = []
    for metadata in map(_metadata, names):
        sorts = [
            metadata.premium_rate, metadata.toll_free, metadata.shared_cost, metadata.voip,
            metadata.personal_number, metadata.pager, metadata.uan, metadata.voicemail,
            metadata.fixed_line,
        ]  # fmt: skip
        if not metadata.same_mobile_and_fixed_line_pattern:
            sorts.append(metadata.mobile)
        leading = metadata.leading_digits if len(names) > 1 else None
        valid = _wholes(_descs(metadata.general_desc), list(_descs(*sorts)))
        found.append(_Region(metadata.id, None if leading is None else re.compile(leading), valid))
    return tuple(found)


def _metadata(region: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region(region)
    if found is None:
        raise LookupError(f"no metadata for {region}")
    return found


def _descs(*given: PhoneNumberDesc | None) -> Iterator[_Desc]:
    for desc in given:
        if desc is not None and desc.national_number_pattern:
            yield _Desc(desc.national_number_pattern, desc.possible_length)


def _wholes(general: Iterator[_Desc], sorts: list[_Desc] | None = None) -> Wholes:
    """For each count of digits one pattern: the general one, and one of the sorts if given."""
    found: Wholes = {}
    for desc in general:
        for count in filter(desc.has, range(2, _MOST_DIGITS + 1)):
            pattern = desc.pattern
            if sorts is not None:
                fitting = dict.fromkeys(f"(?:{sort.pattern})" for sort in sorts if sort.has(count))
                if not fitting:
                    continue
                pattern = rf"(?=(?:{pattern})\Z)(?:{'|'.join(fitting)})"
            found[count] = re.compile(pattern)
    return found
