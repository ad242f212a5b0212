"""The file of assumptions: what customers do with messages, by their stage, and of themselves."""

from collections.abc import Collection
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from outreach.documents import FileModel, RefusalError, did_you_mean, load, validate
from outreach.errors import Problem
from outreach.settings.written import Late, Share
from outreach.simulation.assumptions import DAY, KINDS, Assumptions, Deed, Habits

_TOO_MUCH = 10**12  # as of the amounts in a file of events


def _amount(written: object) -> object:
    if isinstance(written, bool) or not isinstance(written, int | Decimal | str):
        raise RefusalError(f"`{written}` is no amount", "write for example `25` or `19.90`")
    try:
        found = Decimal(str(written))
        fits = found.is_finite() and 0 <= found < _TOO_MUCH and found == round(found, 4)
    except ArithmeticError:
        raise RefusalError(f"`{written}` is no amount", "write for example `19.90`") from None
    if not fits:
        raise RefusalError(f"`{written}` is no amount", "write for example `19.90`")
    return found


Amount = Annotated[Decimal, BeforeValidator(_amount, json_schema_input_type=float | str)]


EventKind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
PerDay = Annotated[int, Field(strict=True, ge=0, le=100_000)]


class HabitsFile(FileModel):
    """Shares of the messages that reach customers of one stage."""

    open: Share = Field(0, description="Are opened; mails alone.", examples=["30%"])
    click: Share = Field(0, description="Have a link followed.", examples=["3%"])
    reply: Share = Field(0, description="Are answered.", examples=["0.5%"])
    purchase: Share = Field(0, description="Are followed by an order.", examples=["2%"])
    opt_out: Share = Field(0, description="End in a no to the topic.", examples=["0.2%"])
    amount: Amount | None = Field(None, description="Of an order.", examples=["25"])

    @model_validator(mode="after")
    def _can_be(self) -> "HabitsFile":
        if self.open and self.click > self.open:
            message = "more links are followed than mails opened"
            raise RefusalError(message, "who follows a link has opened the mail", at=("click",))
        if self.amount is not None and not self.purchase:
            hint = "write `purchase` beside it"
            raise RefusalError("`amount` stands only beside `purchase`", hint, at=("amount",))
        return self


class WithinFile(FileModel):
    """How long after a message each comes at most; all instants until then are as likely."""

    open: Late = Field(DAY, description="Opened.", examples=["1 day"])
    click: Late = Field(DAY, description="A link followed.", examples=["1 day"])
    reply: Late = Field(DAY, description="Answered.", examples=["1 day"])
    purchase: Late = Field(3 * DAY, description="Ordered.", examples=["3 days"])
    opt_out: Late = Field(DAY, description="Said no.", examples=["1 day"])


class AssumptionsFile(FileModel):
    """What customers are assumed to do."""

    stages: dict[str, HabitsFile] = Field({}, description="By stage of the main lifecycle.")
    otherwise: HabitsFile | None = Field(
        None, description="In every other stage. Left out: nothing."
    )
    within: WithinFile | None = Field(None, description="How soon.")
    events_per_day: dict[EventKind, PerDay] = Field(
        {},
        description="Events that happen of themselves: to so many customers a day, by kind.",
        examples=[{"signup": 20}],
    )


def read_assumptions(
    file: str, content: bytes, known: Collection[str]
) -> tuple[Assumptions | None, list[Problem]]:
    """The assumptions in a file, or all of its problems; `known` are the stages there are.

    With no stage known any may be written: they are given, not computed.
    """
    document, problems = load(file, content)
    if document is None or problems:
        return None, problems
    written, problems = validate(document, AssumptionsFile)
    stages = document.get(("stages",))
    for stage in stages if isinstance(stages, dict) and known else ():
        if stage not in known:
            hint = did_you_mean(str(stage), known, listing="there are")
            message = f"there is no stage `{stage}`"
            path = ("stages", stage)
            problems.append(document.problem(path, "unknown-stage", message, hint, key=True))
    if written is None or problems:
        return None, sorted(problems)
    habits = {stage: _habits(each) for stage, each in written.stages.items()}
    within = written.within or WithinFile.model_validate({})
    return Assumptions(
        habits,
        Habits() if written.otherwise is None else _habits(written.otherwise),
        {kind: getattr(within, kind.value) for kind in KINDS},
        written.events_per_day,
    ), []


def _habits(written: HabitsFile) -> Habits:
    shares = {kind: getattr(written, kind.value) for kind in KINDS}
    # Nobody follows a link of a mail without having opened it, whether that was written or not.
    shares[Deed.OPEN] = max(shares[Deed.OPEN], shares[Deed.CLICK])
    return Habits({kind: share for kind, share in shares.items() if share}, written.amount)
