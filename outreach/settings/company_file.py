"""outreach.yaml: what may be written in it, and how it becomes `Company`."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from outreach.documents import Document, FileModel, RefusalError, load, validate
from outreach.errors import Problem
from outreach.settings.approval_file import NOBODY, ApprovalFile, too_few_people
from outreach.settings.attribute_names import parse_attribute_name
from outreach.settings.channel_file import ChannelFile
from outreach.settings.company import (
    DEFAULT_CADENCE,
    DEFAULT_QUIET_HOURS,
    Brand,
    Company,
    TaskRules,
    Topic,
)
from outreach.settings.feast_file import Feast
from outreach.settings.floor_file import FloorFile, floor_problems
from outreach.settings.public_url import check_public_url
from outreach.settings.rules_file import (
    BUILT_IN_CHANNELS,
    CapFile,
    QuietHoursFile,
    unknown_names,
)
from outreach.settings.tasks_file import TasksFile, unknown_people
from outreach.settings.testers import Tester
from outreach.settings.written import (
    Country,
    Currency,
    Language,
    Name,
    Several,
    Share,
    Words,
    YesNo,
    Zone,
    text_as,
)

COMPANY_FILE = "outreach.yaml"


def none_or_rules(written: object) -> object:
    """`none` as no rules at all; an empty list says too little."""
    if written == "none":
        return []
    if written == [] or isinstance(written, str):
        raise RefusalError("this must be a list of rules", "to have none, write `none`")
    return written


class BrandFile(FileModel):
    """Who writes to the customers."""

    name: Words = Field(description="The company as customers know it.", examples=["Harbour Tea"])
    postal_address: Words | None = Field(
        None, description="Printed in every mail: many countries ask for it."
    )
    website: Words | None = Field(None, examples=["https://www.example.com"])
    phone: Words | None = Field(None, description="Where customers can call.")
    timezone: Zone | None = Field(None, description="Company time. Left out: UTC.")
    country: Country | None = Field(None, description="Helps to read phone numbers without `+`.")
    locale: Language | None = Field(
        None, description="The language for customers whose own is not known. Left out: en."
    )
    currency: Currency | None = Field(None, description="Of all amounts. Left out: EUR.")
    tone: Literal["formal", "familiar"] | None = Field(
        None,
        description="How customers are greeted: by title and last name, or by first name. Left "
        "out: formal.",
    )


class TopicFile(FileModel):
    """What customers agree, or do not agree, to hear about."""

    title: Words | None = Field(None, description="What customers read when they choose.")
    transactional: YesNo = Field(
        False,
        description="Ordered or needed by the customer, such as a delivery notice: needs no yes, "
        "is not counted by cadence. Never for advertising.",
    )
    urgent: YesNo = Field(False, description="Sent in quiet hours too. Only if transactional.")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.urgent and not self.transactional:
            raise RefusalError(
                "only a transactional topic can be `urgent`", "take `urgent` out", at=("urgent",)
            )
        return self


AttributeName = Annotated[str, *text_as(parse_attribute_name, "a name", "favourite_tea")]
AttributeType = Literal["text", "number", "money", "yes_no", "date", "datetime", "list"]
PublicUrl = Annotated[str, *text_as(check_public_url, "a web address", "https://mail.example.com")]


def _check_channels(
    channels: dict[str, ChannelFile], info: ValidationInfo
) -> dict[str, ChannelFile]:
    for name, channel in channels.items():
        try:
            channel.check_for(name, info.data.get("senders") or {})
        except RefusalError as refusal:
            refusal.at = (name, *refusal.at)
            raise
    return channels


def _check_lifecycles(lifecycles: dict[str, str]) -> dict[str, str]:
    for name, model in lifecycles.items():
        if name == "main":
            raise RefusalError(
                "`main` is the one under `lifecycle`", "choose another name", at=(name,), key=True
            )
        if model == "given":
            message = "the stages of a further lifecycle can not be given by a file"
            raise RefusalError(message, "write `lifecycle: given` for the main one", at=(name,))
    return lifecycles


class CompanyFile(FileModel):
    """The rules of the whole company."""

    later: ClassVar[frozenset[str]] = frozenset({"rates", "retention"})

    elsewhere: ClassVar[Mapping[str, str]] = {"tone": "it belongs under `brand`"}

    brand: BrandFile = Field(description="Who writes: name, address, clock, language, currency.")
    senders: dict[Name, Words] | None = Field(
        None,
        description="Who messages can come from, each by a name that a channel's `from` may say.",
        examples=[{"mei": "Mei Wang <mei@example.com>"}],
    )
    public_url: PublicUrl | None = Field(
        None, description="Where customers reach the unsubscribe page; https."
    )
    salt: Words | None = Field(
        None,
        description="Decides, with a customer's key, who is held out. Changing it mixes everyone "
        "anew. Left out: the brand's name.",
    )
    lifecycle: Name = Field(
        "six-stage",
        description="The model of customer stages: a preset, a file in lifecycles/, or `given` "
        "when another system says the stage.",
        examples=["six-stage", "given"],
    )
    lifecycles: Annotated[dict[Name, Name], AfterValidator(_check_lifecycles)] = Field(
        {},
        description="Further models of stages beside `lifecycle`, each by a name of your own; "
        "expressions ask `stage_in('name')`.",
        examples=[{"value": "rfm"}],
    )
    topics: dict[Name, TopicFile] = Field(
        {},
        description="What customers can agree to hear about.",
        examples=[{"greetings": {"title": "Greetings"}}],
    )
    cadence: (
        Annotated[
            tuple[CapFile, ...],
            BeforeValidator(
                none_or_rules, json_schema_input_type=Literal["none"] | tuple[CapFile, ...]
            ),
        ]
        | None
    ) = Field(
        None,
        description="At most so many messages to one customer. Left out: 2 in 7 days; `none`: no "
        "limit.",
    )
    quiet_hours: (
        Annotated[
            tuple[QuietHoursFile, ...],
            BeforeValidator(
                none_or_rules, json_schema_input_type=Literal["none"] | tuple[QuietHoursFile, ...]
            ),
        ]
        | None
    ) = Field(
        None,
        description="When nothing is sent, by the customer's clock. Left out: 21:00-08:00; "
        "`none`: never quiet.",
    )
    control_group: Share = Field(
        0, description="This share of customers gets no marketing at all.", examples=["2%"]
    )
    testers: Several[Tester] | None = Field(
        None, description="Addresses and numbers that test messages may go to."
    )
    attributes: dict[AttributeName, AttributeType] = Field(
        {}, description="What else is known of customers: a name and its type for each."
    )
    channels: Annotated[dict[Name, ChannelFile], AfterValidator(_check_channels)] = Field(
        {}, description="How each channel sends."
    )
    owners: dict[Words, dict[Name, Words]] = Field(
        {},
        description="The people customers belong to, and what is printed of them; `manager`: another "
        "of them.",
        examples=[{"mei@example.com": {"name": "Mei Wang"}}],
    )
    feasts: dict[Words, Feast] = Field(
        {},
        description="Feasts of your own for `on_holiday`: their days, by country where these differ.",
        examples=[{"Founders' Day": "09-09"}],
    )
    tasks: TasksFile | None = Field(
        None, description="Promises that are missed and answers that are owed, as tasks."
    )
    floors: tuple[FloorFile, ...] = Field(
        (),
        description="Who is owed a touch once nobody was in touch for so long, by their owner or a campaign.",
        examples=[[{"at_least": 1, "per": "30 days", "audience": {"tier": "A"}, "by": "owner"}]],
    )
    approval: ApprovalFile | None = Field(
        None, description="Who approves campaigns, and how many of them."
    )


def load_company(content: bytes) -> tuple[Company | None, list[Problem]]:
    """The company's rules in the bytes of an outreach.yaml, or None and all that is wrong."""
    return read_company(content)[1:]


@lru_cache(maxsize=8)  # one command asks several times, and so do workers for each revision
def read_company(content: bytes) -> tuple[Document | None, Company | None, list[Problem]]:
    """As `load_company`, with the document for what can be known of a file at fault."""
    document, problems = load(COMPANY_FILE, content)
    if document is None:
        return None, None, problems
    file, faults = validate(document, CompanyFile)
    problems = sorted({*problems, *faults, *_unknown_names(document)})
    if file is not None and file.approval is not None:
        problems += too_few_people(document, file.approval.rules())
    return document, (None if problems or file is None else _company(file)), problems


def _unknown_names(document: Document) -> Iterator[Problem]:
    topics, own = document.get(("topics",)), document.get(("channels",))
    names = topics if isinstance(topics, dict) else {}
    channels = BUILT_IN_CHANNELS | (frozenset(own) if isinstance(own, dict) else frozenset())
    for rules in ("cadence", "quiet_hours"):
        yield from unknown_names(document, (rules,), "channel", channels, "add it to `channels`")
    yield from unknown_names(document, ("cadence",), "topic", names, "add it to `topics`")
    if document.has(("channels", "task")) and not document.get(("owners",)):
        message = "channel `task` needs `owners`: the people who are given tasks"
        yield document.problem(("channels", "task"), "missing", message, "name them")
    yield from unknown_people(document)
    yield from floor_problems(document)


def _company(file: CompanyFile) -> Company:
    given: dict[str, Any] = {
        key: value
        for key in ("senders", "public_url", "testers", "salt")
        if (value := getattr(file, key)) is not None
    }
    caps, quiet = file.cadence, file.quiet_hours
    return Company(
        brand=Brand(**file.brand.model_dump(exclude_none=True)),
        lifecycle=file.lifecycle,
        lifecycles=dict(file.lifecycles),
        topics={
            name: Topic(**topic.model_dump(exclude_none=True))
            for name, topic in file.topics.items()
        },
        cadence=DEFAULT_CADENCE if caps is None else tuple(cap.cap() for cap in caps),
        quiet_hours=DEFAULT_QUIET_HOURS
        if quiet is None
        else tuple(each.quiet_hours() for each in quiet),
        control_group=file.control_group,
        attributes=dict(file.attributes),
        channels={
            name: channel.settings(file.senders or {}) for name, channel in file.channels.items()
        },
        owners=file.owners,
        feasts=dict(file.feasts),
        tasks=TaskRules() if file.tasks is None else file.tasks.rules(),
        floors=tuple(floor.floor() for floor in file.floors),
        approval=NOBODY if file.approval is None else file.approval.rules(),
        **{"salt": file.brand.name, **given},
    )
