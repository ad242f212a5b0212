"""The country of a stored number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
    parse,
    region_code_for_number,
)

from outreach.store.regions import INTERNATIONAL, region_of

EXAMPLES = sorted(
    format_number(number, PhoneNumberFormat.E164)
    for region in SUPPORTED_REGIONS
    for kind in PhoneNumberType.values()
    if (number := example_number_for_type(region, kind)) is not None
)


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+12025550143", "US"),
        ("+14165550143", "CA"),
        ("+18765550143", "JM"),
        ("+447400123456", "GB"),
        ("+447797712345", "JE"),
        ("+79123456789", "RU"),
        ("+77710009998", "KZ"),
        ("+390669812345", "VA"),
        ("+390612345678", "IT"),
        ("+80012345678", None),  # belongs to no country
        (None, None),
        ("+999123", None),
    ],
)
def test_a_number_is_of_its_own_country(number: str | None, region: str | None) -> None:
    assert region_of(number) == region


@given(st.sampled_from(EXAMPLES))
def test_it_is_the_country_that_the_library_says(number: str) -> None:
    said = region_code_for_number(parse(number))

    assert region_of(number) == (None if said == INTERNATIONAL else said)
