"""The short way for plain telephone numbers says what phonenumbers says, or nothing."""

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from outreach.imports.numbers import read_plain
from outreach.store.regions import region_of

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
HINTS = (*REGIONS, "", "ZZ", "001", "de")


def by_the_library(word: str, region: str) -> tuple[str, str | None] | None:
    """The number in E.164 where it is valid, and the country that has it."""
    try:
        number = phonenumbers.parse(word, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    found = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return found, region_of(found)


def examples(region: str) -> list[str]:
    """National numbers of every sort that the region has."""
    kinds = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]
    found = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
    return [phonenumbers.national_significant_number(one) for one in found if one is not None]


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A number nearly as in use somewhere, as somebody may write it, and a country to read it by."""
    region = draw(st.sampled_from(REGIONS))
    digits = list(draw(st.sampled_from(examples(region))))
    for place in draw(st.lists(st.integers(0, len(digits) - 1), max_size=3)):
        digits[place] = draw(st.sampled_from("0123456789"))
    digits[: draw(st.sampled_from((0, 0, 0, 1)))] = draw(st.sampled_from(("", "", "0", "7")))
    code = phonenumbers.country_code_for_region(region)
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    national = metadata.national_prefix or ""
    begins = (
        "",
        f"+{code}",
        national,
        f"+{code}{national}",
        f"+ {code} (0)",
        f"{code}",
        f"00{code}",
        "15",
    )
    written = list(draw(st.sampled_from(begins)) + "".join(digits))
    for mark in draw(st.text(" ()-./+x", max_size=4)):
        written.insert(draw(st.integers(0, len(written))), mark)
    hint = draw(st.one_of(st.just(region), st.sampled_from(HINTS)))
    return "".join(written).strip(), hint


@settings(deadline=None, max_examples=1_000)
@given(written_numbers())
@example(("1 212 555 2368", "US"))
@example(("+39 06 6982", "DE"))
@example(("0111523456789", "AR"))
@example(("015 1623 44060", "IL"))  # 015: abroad is dialled by it there
@example(("+", "DE"))
@example(("", "DE"))
def test_what_the_short_way_reads_the_library_reads_alike(case: tuple[str, str]) -> None:
    word, hint = case

    found = read_plain(word, hint)

    assert found is None or found == by_the_library(word, hint)


@pytest.mark.parametrize("region", REGIONS)
def test_numbers_in_use_are_read_the_short_way_or_alike(region: str) -> None:
    for national in examples(region):
        for word in (national, f"+{phonenumbers.country_code_for_region(region)}{national}"):
            assert read_plain(word, region) in (None, by_the_library(word, region))


@pytest.mark.parametrize(
    ("word", "region", "found"),
    [
        ("(212) 555-2368", "US", "+12125552368"),
        ("0171 1234567", "DE", "+491711234567"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+49 (0)171/1234567", "US", "+491711234567"),
        ("06 698 2000", "IT", "+39066982000"),
    ],
)
def test_common_ways_to_write_a_number_are_read_the_short_way(
    word: str, region: str, found: str
) -> None:
    assert (read_plain(word, region) or ("",))[0] == found


@pytest.mark.parametrize(
    ("word", "region"),
    [
        ("+44 7700 900123", "GB"),
        ("00 49 30 901820", "FR"),
        ("1-800-FLOWERS", "US"),
        ("030 901820 ext. 7", "DE"),
        ("٠٣٠٩٠١٨٢٠", "DE"),
        ("030 901820", ""),
        ("+800 1234 5678", ""),
    ],
)
def test_of_all_other_numbers_nothing_is_said(word: str, region: str) -> None:
    assert read_plain(word, region) is None
