"""The record behind a rule's answer, in words: which consent, which touches, which hours."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, true

from outreach.campaign.openings import NEVER
from outreach.decisions.asking import Question
from outreach.decisions.awaiting import opening_for
from outreach.decisions.candidate import ADDRESS_COLUMN
from outreach.decisions.clocks_said import ClocksSaid
from outreach.decisions.grid import applicable_caps
from outreach.decisions.journeyed import before
from outreach.decisions.lacking import lacking
from outreach.decisions.localities import Locality
from outreach.decisions.release import Occupied, Slot, counted_by
from outreach.decisions.selections import Selections
from outreach.decisions.verdict import Verdict
from outreach.spans import Cap
from outreach.store.repeats import ON_ITS_WAY, EarlierMessage, earlier_message
from outreach.store.sharing import sharing_with
from outreach.store.sources import named
from outreach.store.tables import consents, customers, suppressions
from outreach.vocabulary import OPEN_STATES, Reason, State

MOST_KEYS = 5  # of those who share an address
_CONSENT = (
    Reason.CONSENT_WITHDRAWN,
    Reason.CONSENT_EXPIRED,
    Reason.NO_CONSENT,
)


class Details:
    """Looks records up for one customer and says them; each is looked up once."""

    def __init__(
        self, conn: Connection, question: Question, verdict: Verdict, place: Locality
    ) -> None:
        self.conn = conn
        self.question = question
        self.verdict = verdict
        self.place = place
        self.clocks = ClocksSaid(question.ruling.grid, verdict, place)
        self._slots: Occupied | None = None
        self._selections = Selections(
            conn, question, question.candidate(), verdict.asked_at, self.local
        )

    def of(self, rule: Reason, channel: str | None, *, failed: bool) -> str:
        """The sentence for a rule's answer; empty where there is nothing to add."""
        if rule is Reason.EXPIRED and failed:
            turn = self.local(self.verdict.late_at - self.question.ruling.campaign.schedule.late)
            return f"their turn was {turn}, and nothing is sent for it any more"
        if rule is Reason.ERASED and failed:
            return self._erased()
        if rule is Reason.CHANNEL_FAILED and failed:
            return "this message failed for good on it"
        if rule in _CONSENT and channel is not None:
            return self._consent(channel)
        if rule is Reason.NO_ADDRESS and channel == "task" and failed:
            return "has no owner who is among `owners` of outreach.yaml"
        if rule is Reason.SUPPRESSED and channel is not None and failed:
            return self._suppression(channel)
        if rule is Reason.CAPPED and channel is not None:
            return self._touches(channel)
        if rule is Reason.RESERVED and channel is not None:
            return self._reserved(channel)
        if rule is Reason.DUPLICATE and failed:
            return self._duplicate()
        if rule is Reason.MISSING_DATA and channel is not None:
            return self._lacks(channel) if failed else self._needs(channel)
        if rule is Reason.NOT_IN_AUDIENCE:
            return self._selections.audience()
        if rule is Reason.EXCLUDED and failed:
            return self._selections.excluded()
        return self._of_way(rule) if failed else ""

    def _of_way(self, rule: Reason) -> str:
        """Why a journey does not take the customer, or does not bring the message."""
        ruling = self.question.ruling
        if rule is Reason.REENTRY:
            return before(self.conn, ruling, self.verdict, self.local)
        if rule is Reason.EXITED and ruling.campaign.exit is not None:
            return f"exit: {ruling.campaign.exit.source}"
        if rule is Reason.WHEN_FALSE and ruling.step.when is NEVER:
            return "the way they take has no message"
        if rule is Reason.WHEN_FALSE and ruling.step.when is not None:
            return f"when: {self._selections.failing(ruling.step.when)}"
        return ""

    def local(self, at: datetime) -> str:
        """An instant in the customer's calendar zone."""
        return self.clocks.local(at)

    def _erased(self) -> str:
        """Whether the customer was erased, or into whom they were merged."""
        closed, kept = named(customers, "closed").c, named(customers, "kept").c
        merged = select(kept.key).where(
            closed.id == self.verdict.customer_id, kept.id == closed.merged_into
        )
        key = self.conn.execute(merged).scalar()
        return "was erased" if key is None else f"was merged into {key}"

    def _consent(self, channel: str) -> str:
        row = self.conn.execute(
            select(consents)
            .where(
                consents.c.customer_id == self.verdict.customer_id,
                consents.c.channel == channel,
                consents.c.topic == self.question.ruling.campaign.topic,
                self._known(consents.c.recorded_at),
            )
            .order_by(consents.c.at.desc(), consents.c.id.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return "no record"
        until = f", until {self.local(row.expires_at)}" if row.expires_at else ""
        proof = f", proof {row.proof}" if row.proof else ""
        return f"{row.state} {self.local(row.at)} by {row.source}{proof}{until} (record {row.id})"

    def _known(self, since: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Whether a record was there at the instant that is asked about."""
        scope = self.question.scope
        return since <= scope.seen_at if scope.then else true()

    def _suppression(self, channel: str) -> str:
        row = self.conn.execute(
            select(suppressions.c.reason, suppressions.c.at)
            .join(customers, customers.c[ADDRESS_COLUMN[channel]] == suppressions.c.address)
            .where(
                customers.c.id == self.verdict.customer_id,
                suppressions.c.channel == channel,
                self._known(suppressions.c.at),
            )
        ).one()
        return f"{row.reason}, since {self.local(row.at)}"

    def _duplicate(self) -> str:
        """The message that is there already: the customer's own, else at a shared address."""
        scope, since = self.question.scope, self.question.scope.repeats_within
        verdict, campaign_id = self.verdict, self.question.ruling.campaign_id
        if since is not None:
            own = earlier_message(
                self.conn, campaign_id, since, verdict.customer_id, (scope.mine or (0,))[0]
            )
            if own is not None:
                return _said_of(own, self.local(own.slot_at))
        sharing = customers.c.id.in_(sharing_with(verdict.customer_id))
        query = select(customers.c.key).where(sharing, customers.c.id != verdict.customer_id)
        keys = sorted(set(self.conn.execute(query).scalars()))
        if not keys:
            closed = select(customers.c.key).where(customers.c.merged_into == verdict.customer_id)
            merged = ", ".join(sorted(self.conn.execute(closed).scalars())[:MOST_KEYS])
            return f"stands for {merged} too, and one of them gets it"
        return f"shares an address with {', '.join(keys[:MOST_KEYS])}, and one of them gets it"

    def _touches(self, channel: str) -> str:
        """How full each cap is, and until when its last touch counts."""
        said = []
        for cap in self._caps(channel):
            touches = self._counted(cap, channel, self._occupied().own, open_rows=False)
            what = f"{_of_cap(cap, len(touches))} ({self._whose(cap)} limit)"
            if touches:
                last = max(touches, key=lambda slot: slot.at)
                what += f", the last {self.local(last.at)} by {last.channel}"
                what += f" ({last.campaign})" if last.campaign else ""
                what += f", counts until {self._leaves(cap, last)}"
            said.append(what)
            said += self._of_others(cap, channel, open_rows=False)
        return "; ".join(said)

    def _reserved(self, channel: str) -> str:
        """By whom places are reserved, for the caps in which any is: touches fill the others."""
        said = []
        for cap in self._caps(channel):
            counted = self._counted(cap, channel, self._occupied().own, open_rows=True)
            by = [
                f"reserved by {each.campaign}, which comes {self.local(each.at)},"
                f" until {self._leaves(cap, each)}"
                for each in counted
                if not each.firm
            ]
            if by:
                said.append("; ".join([_of_cap(cap, len(counted)), *by]))
            said += self._of_others(cap, channel, open_rows=True)
        return "; ".join(said)

    def _of_others(self, cap: Cap, channel: str, *, open_rows: bool) -> list[str]:
        """Who else has the address and no room under the cap."""
        column = ADDRESS_COLUMN[channel]
        counted = [
            (key, self._counted(cap, channel, slots, open_rows=open_rows))
            for key, slots in sorted(self._occupied().others.get(column, []))
        ]
        full = [(key, those) for key, those in counted if len(those) >= cap.at_most]
        return [
            f"{key}, who has the address too, {_of_cap(cap, len(those))}"
            for key, those in full[:MOST_KEYS]
        ]

    def _caps(self, channel: str) -> list[Cap]:
        ruling = self.question.ruling
        caps = applicable_caps(ruling.campaign, ruling.company)
        return [cap for cap in caps if cap.channel in (None, channel)]

    def _whose(self, cap: Cap) -> str:
        """Whose limit a cap is: the company's also where the campaign repeats it."""
        return "the company's" if cap in self.question.ruling.company.cadence else "the campaign's"

    def _counted(
        self, cap: Cap, channel: str, slots: Sequence[Slot], *, open_rows: bool
    ) -> list[Slot]:
        """What one cap counts where the message leaves as soon as clocks let it."""
        ruling, asked_at = self.question.ruling, self.verdict.asked_at
        grid, late_at = ruling.grid, self.verdict.late_at
        group = grid.groups[grid.channels.index(channel)]
        opens_at = opening_for(ruling, self.place, group, asked_at, late_at).opens_at
        seen = [slot for slot in slots if open_rows or slot.firm]
        return counted_by(cap, seen, opens_at or asked_at, grid, self.place)

    def _leaves(self, cap: Cap, slot: Slot) -> str:
        grid = self.question.ruling.grid
        return self.local(grid.leaves_at(cap, slot.at, self.place))

    def _occupied(self) -> Occupied:
        if self._slots is None:
            found = self.question.slots(self.conn, [self.verdict])
            self._slots = found[self.verdict.customer_id]
        return self._slots

    def _lacks(self, channel: str) -> str:
        found = lacking(self.conn, self.question, self.verdict, channel)
        names = ", ".join(found)
        return f"lacks {names}, which the template prints" if found else self._needs(channel)

    def _needs(self, channel: str) -> str:
        compiled = self.question.ruling.compiled.of(self.verdict.variant)
        names = {name for need in compiled.needs(channel) for name in need.names}
        groups = {group for need in compiled.needs(channel) for group in need.any_of}
        needed = sorted(names) + sorted(" or ".join(sorted(group)) for group in groups)
        return f"the template needs {', '.join(needed)}" if needed else "the template needs nothing"


def _said_of(earlier: EarlierMessage, local: str) -> str:
    """How the customer has the message already."""
    if earlier.state in OPEN_STATES:
        return f"has it waiting in run {earlier.run}, for {local}"
    if earlier.state.value in ON_ITS_WAY:
        return f"is being sent it in run {earlier.run}, since {local}"
    how = "may have got it" if earlier.state is State.UNKNOWN else "got it"
    return f"{how} in run {earlier.run}, at {local}"


def _of_cap(cap: Cap, counted: int) -> str:
    """How much of a cap is taken, with what it counts."""
    by = f" by {cap.channel}" if cap.channel else ""
    about = f" about {cap.topic}" if cap.topic else ""
    return f"{counted} of {cap.at_most}{by}{about} per {cap.per}"
