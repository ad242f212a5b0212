"""Made-up rows in large numbers: the same for the same number, nothing is ever sent to them."""

from collections.abc import Iterator
from pathlib import Path

HEADER = "key,email,phone,timezone,country,locale,consent.email.greetings,consent.sms.greetings\n"
# country, locale, zones, and how the nth telephone number is written there: valid, and distinct
_PLACES = (
    ("US", "en-US", ("America/New_York", "America/Chicago", "America/Los_Angeles")),
    ("DE", "de-DE", ("Europe/Berlin",)),
    ("CN", "zh-CN", ("Asia/Shanghai",)),
    ("FR", "fr-FR", ("Europe/Paris",)),
)
_AREA_CODES = ("212", "312", "415", "206", "303", "404", "512", "617", "702", "808")


def lines(count: int) -> Iterator[str]:
    """Lines of a customers file: mail and telephone for everyone, two consents each."""
    for n in range(count):
        country, locale, zones = _PLACES[n % 4]
        zone = zones[n // 4 % len(zones)]
        mail, sms = ("yes", "no")[n % 10 == 0], ("yes", "no")[n % 5 == 0]
        phone = _phone(country, n)
        yield f"k{n},customer.{n}@example.com,{phone},{zone},{country},{locale},{mail},{sms}\n"


def _phone(country: str, n: int) -> str:
    """The nth number as people there write it, without a country code."""
    if country == "US":
        return f"({_AREA_CODES[n % 10]}) {200 + n // 10_000 % 800}-{n % 10_000:04d}"
    if country == "DE":
        return f"0171 {1_000_000 + n}"
    if country == "CN":
        return f"138 {n // 10_000:04d} {n % 10_000:04d}"
    digits = f"{10_000_000 + n:08d}"
    return "06 " + " ".join(digits[i : i + 2] for i in range(0, 8, 2))


def write_customers(path: Path, count: int) -> Path:
    """A CSV file of so many customers."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        file.writelines(lines(count))
    return path
