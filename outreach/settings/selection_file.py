"""Who is picked, as it is written in campaigns and in outreach.yaml."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from outreach.documents import FileModel, RefusalError
from outreach.settings.joined import all_of, are_words, of_a_list, one_expression
from outreach.settings.written import Country, Language, Name, Several, Words

EVERYONE = "everyone"
_ASKED = {  # what is no key of an audience, and how an expression asks for it
    "orders": "orders >= 2",
    "spend": "spend > 100",
    "city": "city == 'Paris'",
    "gender": "gender == 'f'",
    "birthday": "days_until('birthday') <= 7",
    "interests": "'tea' in interests",
    "last_order_at": "last_order_at > now - days(90)",
    "last_contact_at": "last_contact_at < now - days(60)",
    "opted_out": "not opted_out",
    "email": "email is defined",
    "phone": "phone is defined",
}
_KEYS = "key in ['C00007', 'C00042']"
_IN_WHERE = "it is asked in an expression, as in `where: {}`"
_BY_KEY = f"{_IN_WHERE.format(_KEYS)}; to write to a few once: `outreach send NAME --to C00007`"
_CONSENT = "it is asked by itself for every message, by the campaign's `topic`: take it out"
IN_AUDIENCE: Mapping[str, str] = {
    **dict.fromkeys(("consent", "consents", "suppressed", "opted_in"), _CONSENT),
    **{name: _IN_WHERE.format(asked) for name, asked in _ASKED.items()},
    **dict.fromkeys(("key", "keys", "customer", "customers", "id", "ids"), _BY_KEY),
    "topic": "it belongs at the top of the file, beside `audience`",
}


class SelectionFile(FileModel):
    """Picks customers: all keys must hold; of a list, any."""

    elsewhere: ClassVar[Mapping[str, str]] = IN_AUDIENCE

    stage: Annotated[Several[Name], of_a_list("stages")] | None = Field(
        None, description="Stages of the customer's life.", examples=[["growth", "maturity"]]
    )
    tier: Annotated[Several[Words], of_a_list("tiers", words=False)] | None = Field(
        None, description="The customer's value.", examples=["A"]
    )
    owner: Annotated[Several[Words], of_a_list("owners", words=False)] | None = Field(
        None, description="The person the customer belongs to.", examples=["mei@example.com"]
    )
    tags: Annotated[Several[Words], of_a_list("tags", words=False)] | None = Field(
        None, description="The customer has any of these tags.", examples=[["vip"]]
    )
    country: Annotated[Several[Country], of_a_list("countries")] | None = Field(
        None, description="Countries, by two letters."
    )
    locale: Annotated[Several[Language], of_a_list("languages")] | None = Field(
        None, description="The customer's language."
    )
    where: Annotated[Words, BeforeValidator(all_of)] | None = Field(
        None,
        description="An expression over what is known of the customer.",
        examples=["last_order_at > now - days(180) and orders >= 2"],
    )


def _expression_as_where(written: object) -> object:
    if isinstance(written, str):
        return {"where": written}
    if written == {}:
        raise RefusalError("this picks nobody in particular", "name somebody, or take it out")
    return written


def any_expression(written: object) -> object:
    """A selection as keys; an expression alone is its `where`. Of a list, any is meant."""
    return _expression_as_where(one_expression(written, "or"))


def everyone_or_expression(written: object) -> object:
    """The same where all of a list must hold, and `everyone` stands for no keys."""
    if written == EVERYONE:
        return {}
    if written == {}:
        raise RefusalError("`audience` says nothing", f"for everyone write `audience: {EVERYONE}`")
    whole = written if are_words(written) else all_of(written)
    return _expression_as_where(whole)
