"""The country that a stored number belongs to."""

from functools import lru_cache

INTERNATIONAL = "001"  # of numbers that belong to no country


def region_of(number: str | None) -> str | None:
    """The ISO 3166 country of a number in E.164; None for none, or where no country has it.

    By the full number where countries share a calling code (`+1`, `+7`, `+44`): libphonenumber's
    own metadata says whose it is. 0.2 to 16 µs.
    """
    if not number:
        return None
    from phonenumbers import PhoneNumber, region_code_for_number  # loaded where a number is read

    code = _calling_code(number[1:4])
    if not code:
        return None
    national = number[1 + len(code) :]
    region = region_code_for_number(
        PhoneNumber(
            country_code=int(code),
            national_number=int(national or 0),
            italian_leading_zero=national.startswith("0") or None,
            number_of_leading_zeros=_leading_zeros(national),
        )
    )
    return None if region == INTERNATIONAL else region


def _leading_zeros(national: str) -> int | None:
    zeros = len(national) - len(national.lstrip("0"))
    return zeros if zeros > 1 else None


@lru_cache(maxsize=1_024)
def _calling_code(digits: str) -> str:
    """The country calling code that these three digits begin with; "" for none."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    for length in (1, 2, 3):
        if digits[:length].isdigit() and int(digits[:length]) in COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return ""
