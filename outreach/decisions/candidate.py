"""The candidate row: a customer with their place's zone row, and consent records by channel."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    literal,
    null,
)

from outreach.audience.names import names_in
from outreach.audience.row import Row
from outreach.campaign.model import Expression
from outreach.campaign.openings import Route
from outreach.decisions.in_parts import PART, WHOLE, Part
from outreach.decisions.known_then import KNOWN_AT, records
from outreach.decisions.own_way import own_way
from outreach.decisions.rules.arms import is_in_test
from outreach.decisions.ruling import Ruling
from outreach.store.dialect import shift
from outreach.store.sources import named
from outreach.store.spelling import listed_in
from outreach.store.tables import customers, deliveries, enrolments
from outreach.store.types import BigId, Ids, Instant

# A task about a customer goes to nobody else: its address is the key, if there is an owner.
ADDRESS_COLUMN = {"email": "email", "sms": "phone", "task": "key"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which candidates are decided about, and as part of what.

    `mine`: the ids of deliveries that are decided again; each is left out of what it counts.
    `run_id`, `run_at`: the run they belong to; a plan has none and stands where its run would.
    `seen_at`: touches after the later of it and the candidate's own instant are not seen; None:
    all are (at a claim another worker's clock may run ahead, and its touch must count).
    """

    run_at: datetime
    run_id: int | None = None
    seen_at: datetime | None = None
    after_id: int = 0
    mine: tuple[int, ...] | None = None
    enrolled: tuple[int, ...] | None = None  # enrolments that have come to the step
    about: int | None = None  # one customer, asked with those who share an address; audience a rule
    with_them: tuple[int, ...] = ()  # … the ids of all these
    to: tuple[str, ...] = ()  # keys: the audience is narrowed to them
    where: Expression | None = None  # the audience is narrowed by it
    routes: tuple[Route, ...] = ()  # … to those who take one of these to their first message
    local_at: datetime | None = None  # naive: the occurrence as each customer's own clock shows it
    repeats_within: datetime | None = None  # by hand: who got it since is a duplicate
    facts: str = "stored"  # or as_of: computed from events up to the candidate's instant
    past: frozenset[int] = frozenset()  # places whose turn is over: nothing is sent there
    then: bool = (
        False  # as of an instant that is past: what was made or recorded since is not known
    )
    sharing: bool = False  # only who shares an address with others
    each_rule: bool = False  # also those behind the first that fails
    placed: bool = False  # customers are found by their place: the base has an index of it
    winner: int | None = None  # the number of the variant that was chosen for the run
    winner_at: datetime | None = None  # when it is, while none is; None: nobody waits for one

    @property
    def marks(self) -> "Marks":
        """The scope as a statement names it: the same for every scope of one shape."""
        return Marks(
            in_run=self.run_id is not None,
            again=self.mine is not None,
            enrolled=self.enrolled is not None,
            about=self.about is not None,
            then=self.then,
            resumed=bool(self.after_id),
            narrowed=bool(self.to),
            where=self.where,
            routes=self.routes,
            repeats=self.repeats_within is not None,
            facts=self.facts,
            past=bool(self.past) or (self.run_id is not None and self.mine is None),
            sharing=self.sharing,
            placed=self.placed,
            each_rule=self.each_rule or self.about is not None,
            awaits=self.winner is None and self.winner_at is not None,
        )

    def values(self) -> dict[str, object]:
        """The values of the marks, by their names."""
        return {
            "run_at": self.run_at, "run_id": self.run_id, "mine": list(self.mine or ()),
            "enrolled": list(self.enrolled or ()), "about": self.about,
            "with_them": list(self.with_them), "after_id": self.after_id, "to": list(self.to),
            "repeats_within": self.repeats_within, "winner": self.winner, KNOWN_AT.key: self.seen_at, **WHOLE,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marks:
    """Places in a statement that a scope's values fill: it is built and compiled once a shape."""

    in_run: bool = False
    again: bool = False  # deliveries are decided again
    enrolled: bool = False  # of who came to a step of their journey
    about: bool = False
    then: bool = False
    resumed: bool = False
    narrowed: bool = False
    where: Expression | None = None
    routes: tuple[Route, ...] = ()
    repeats: bool = False
    facts: str = "stored"
    past: bool = False
    sharing: bool = False
    each_rule: bool = False
    placed: bool = False  # customers are found by their place
    awaits: bool = False  # who is not in the test has a row of their own in the zone table

    run_at = bindparam("run_at", type_=Instant())
    run_id = bindparam("run_id", type_=BigId)
    mine = bindparam("mine", type_=Ids())
    enrolments = bindparam("enrolled", type_=Ids())
    about_id = bindparam("about", type_=BigId)
    with_them = bindparam("with_them", type_=Ids())
    after_id = bindparam("after_id", type_=BigId)
    to = bindparam("to", type_=Text(), expanding=True)
    repeats_within = bindparam("repeats_within", type_=Instant())
    earlier = bindparam("earlier", type_=BigId, expanding=True)

    @property
    def part(self) -> Part | None:
        """The range of ids that is asked about, where a question can be shared by several."""
        return PART if self.placed else None


@dataclass(frozen=True, slots=True)
class Rival:
    """A campaign above in a statement: its next occurrence reserves slots, or its next days.

    `first`: the number of its first reservation, `days` how many it has: several are days of the
    customers' own. Who has a row in the run of one already is not counted twice. `together`: whom it wants is
    asked of everyone at once, not one by one where it matters.
    """

    ruling: Ruling
    first: int
    days: int = 1
    together: bool = False


class Candidate:
    """The FROM of the chain and the columns its rules speak of."""

    def __init__(
        self,
        ruling: Ruling,
        marks: Marks,
        zones: FromClause,
        rivals: tuple[Rival, ...] = (),
        tag: str = "",
    ) -> None:
        """`rivals` reserve slots before this message; `tag` tells one's values from another's."""
        self.ruling = ruling
        self.marks = marks
        self.zones = zones
        self.rivals = rivals
        self.tag = tag
        self.customer = customers
        self.mine = named(deliveries, "m") if marks.again else None
        asked = marks.enrolled or (marks.again and ruling.campaign.is_journey)
        self.enrolment = named(enrolments, "e") if asked else None
        whose = marks.with_them if marks.then else None
        known = [records(number, whose) for number in self.numbers]
        self.consent = [each[0] for each in known]
        self.refusal = [each[1] for each in known]
        self.suppression = [each[2] for each in known]

    @property
    def numbers(self) -> range:
        """The channels' numbers, in the file's order."""
        return range(len(self.ruling.channels))

    @property
    def row(self) -> Row:
        """The candidate as expressions see it."""
        return Row(
            customer=self.customer.c,
            now=self.zones.c.asked_at,
            today=self.zones.c.today,
            names=names_in(self.ruling.company, self.ruling.campaign),
            facts=self.marks.facts,
            own_message=None if self.mine is None else self.mine.c.id,
            **own_way(
                self.ruling, self.customer.c.id, self.zones.c.asked_at, self.mine, self.enrolment
            ),
        )

    def address(self, number: int) -> ColumnElement[str | None]:
        """The customer's address on a channel."""
        channel = self.ruling.channels[number]
        address: ColumnElement[str | None] = self.customer.c[ADDRESS_COLUMN[channel]]
        if channel != "task":
            return address
        known = self.customer.c.owner.in_(sorted(self.ruling.company.owners))
        return case((known, address), else_=null())

    def opens_at(self, number: int) -> ColumnElement[datetime | None]:
        """When a message may leave on a channel; null: not before `late`."""
        return self.zones.c[f"opens_{self.ruling.grid.groups[number]}"]

    def why(self, number: int) -> ColumnElement[int | None]:
        """The rule of time in the way at the instant asked, as a code; null: none."""
        return self.zones.c[f"why_{self.ruling.grid.groups[number]}"]

    @property
    def late_at(self) -> ColumnElement[datetime]:
        """Not out by then: expired."""
        if self.mine is not None:
            return self.mine.c.late_at
        if self.enrolment is not None:
            return shift(self.enrolment.c.next_at, self.ruling.campaign.schedule.late)
        return self.zones.c.late_at

    @property
    def mine_id(self) -> ColumnElement[int]:
        """The delivery that is decided again; 0 in a plan."""
        return literal(0, Integer) if self.mine is None else self.mine.c.id

    @property
    def is_the_one(self) -> ColumnElement[bool]:
        """Of `joined` the row of the customer the scope is about, as the delivery decided again."""
        own = self.customer.c.id == self.marks.about_id
        return own if self.mine is None else and_(own, listed_in(self.mine.c.id, self.marks.mine))

    @property
    def is_enrolled(self) -> ColumnElement[bool]:
        """Of `located` the enrolments that are asked about."""
        if self.enrolment is None:
            raise ValueError("a scope about enrolments is needed")
        return listed_in(self.enrolment.c.id, self.marks.enrolments)

    def joined(self) -> FromClause:
        """Customers with their zone row and, by channel, consent, refusal and suppression."""
        return self.with_records(self.located())

    def located(self) -> FromClause:
        """Customers with their zone row, and with what is asked about."""
        found: FromClause = self.customer
        if self.mine is not None:
            found = self.mine.join(found, self.customer.c.id == self.mine.c.customer_id)
            if self.enrolment is not None:
                own = self.enrolment.c.id == self.mine.c.enrolment_id
                found = found.outerjoin(self.enrolment, own)
        elif self.enrolment is not None:
            found = self.enrolment.join(found, self.customer.c.id == self.enrolment.c.customer_id)
        return found.join(self.zones, self.zones.c.place_id == self._zone_row())

    def _zone_row(self) -> ColumnElement[int]:
        """Which row of the zone table is the candidate's: below 0 is that of who awaits a winner."""
        customer = self.customer.c
        tested = is_in_test(self.ruling, customer.bucket) if self.marks.awaits else None
        place: ColumnElement[int] = customer.place_id
        return place if tested is None else case((tested, place), else_=-place)

    def with_records(self, found: FromClause) -> FromClause:
        """The same with consent, refusal and suppression by channel."""
        for number in self.numbers:
            found = self._with_records_of(found, number)
        return found

    def _with_records_of(self, found: FromClause, number: int) -> FromClause:
        channel, topic = self.ruling.channels[number], self.ruling.campaign.topic
        records = (self.consent, self.refusal, self.suppression)
        consent, refusal, suppression = (each[number].c for each in records)
        found = found.outerjoin(
            self.consent[number],
            and_(
                consent.customer_id == self.customer.c.id,
                consent.topic == topic,
                consent.channel == channel,
            ),
        )
        found = found.outerjoin(
            self.refusal[number],
            and_(
                refusal.channel == channel,
                refusal.address == self.address(number),
                refusal.topic == topic,
            ),
        )
        return found.outerjoin(
            self.suppression[number],
            and_(suppression.channel == channel, suppression.address == self.address(number)),
        )
