"""Rate limits by the recipient's domain, as they are written under a channel's `per_domain`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from outreach.documents import FileModel, RefusalError, did_you_mean
from outreach.settings.rate_limits import DomainLimit
from outreach.settings.rates import Rates, read_rates
from outreach.settings.written import Several, parse_name, text_as

DEFAULT = "default"


def parse_domain(text: str) -> str:
    """A domain as addresses are stored: lower case, in ASCII (IDNA)."""
    from email_validator import EmailNotValidError, validate_email

    if "." in text:
        try:
            return validate_email(f"a@{text}", check_deliverability=False).ascii_domain.lower()
        except EmailNotValidError:
            pass
    raise RefusalError(f"`{text}` is no domain", "write for example `gmail.com`")


def _read_key(written: object) -> str:
    """A domain, `default`, or the name of a group of domains."""
    text = str(written).strip()
    return parse_domain(text) if "." in text else parse_name(text)


Domain = Annotated[str, *text_as(parse_domain, "a domain", "gmail.com")]


class DomainFile(FileModel):
    """The limit of one domain, of each other domain, or of several domains together."""

    domains: Several[Domain] | None = Field(
        None,
        description="Domains of one provider, which share the limit.",
        examples=[["outlook.com", "hotmail.com", "live.com"]],
    )
    rate: Rates = Field(
        description="At most so many messages; of several rates all hold.",
        examples=["5/second", ["10/second", "100/day, doubling to 20000/day"]],
    )


def _with_rate(written: object) -> object:
    """A rate alone stands for `{rate: …}`."""
    return written if isinstance(written, dict) else {"rate": read_rates(written)}


def _check(limits: dict[str, DomainFile]) -> dict[str, DomainFile]:
    taken: dict[str, str] = {}
    for name, each in limits.items():
        if "." in name or name == DEFAULT:
            if each.domains is not None:
                raise RefusalError(
                    f"`{name}` is no name for a group",
                    "name it without a dot: `outlook`",
                    at=(name,),
                )
        elif each.domains is None:
            hint = did_you_mean(name, [DEFAULT]) or "write a domain, or `{domains: […], rate: …}`"
            raise RefusalError(f"`{name}` is no domain, and names none", hint, at=(name,), key=True)
        for place, domain in enumerate(each.domains or ([name] if "." in name else [])):
            if domain in taken:
                raise RefusalError(
                    f"`{domain}` has a limit under `{taken[domain]}` already",
                    "keep one of them",
                    at=(name, "domains", place) if each.domains else (name,),
                    key=not each.domains,
                )
            taken[domain] = name
    return limits


DomainLimits = Annotated[
    dict[
        Annotated[str, PlainValidator(_read_key, json_schema_input_type=str)],
        Annotated[
            DomainFile, BeforeValidator(_with_rate, json_schema_input_type=Rates | DomainFile)
        ],
    ],
    AfterValidator(_check),
]


def domain_limits(written: Mapping[str, DomainFile]) -> tuple[DomainLimit, ...]:
    """The limits as the rest uses them; that of `default` names no domains."""
    return tuple(
        DomainLimit(
            "" if name == DEFAULT else name,
            each.domains or (() if name == DEFAULT else (name,)),
            each.rate,
        )
        for name, each in written.items()
    )
