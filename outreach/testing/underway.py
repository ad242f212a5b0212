"""Where a customer of a case stands in a journey, as it is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach.campaign.case_file import JourneyFile, MessageFile
from outreach.campaign.model import Campaign, Step, Wait
from outreach.documents import Path, RefusalError, did_you_mean
from outreach.testing.cases import Had, Happened, UnderWay
from outreach.testing.instants import Moments
from outreach.vocabulary import ReactionKind

REACTIONS = (ReactionKind.CLICKED, ReactionKind.OPENED)


@dataclass(slots=True)
class WayReader:
    """Reads it by the campaign's own steps; `refuse` is told what is wrong, and where."""

    campaign: Campaign
    moments: Moments
    refuse: Callable[[Path, str, str], None]
    is_sound: bool = True

    def read(self, written: JourneyFile, path: Path, events: Sequence[Happened]) -> UnderWay | None:
        """The place on the way; None where something is wrong. `events` are the customer's own."""
        if not self.campaign.is_journey:
            message = f"nobody is under way in `{self.campaign.name}`: it is one message at a time"
            self._refuse(path, message, "take `journey` out")
            return None
        had = [
            each
            for number, one in enumerate(written.touches)
            if (each := self._had(one, (*path, "touches", number)))
        ]
        had.sort(key=lambda each: each.at)
        position = self._position(written, path, had)
        entered_at = self._entered_at(written, path, had, events)
        since = self._since(written, path, had, position, entered_at)
        timed_out = self._timed_out(written, path)
        if not self.is_sound:
            return None
        return UnderWay(entered_at, position, since, tuple(had), timed_out)

    def _refuse(self, path: Path, message: str, hint: str = "") -> None:
        self.is_sound = False
        self.refuse(path, message, hint)

    def _before(self, written: str | None, path: Path, key: str) -> datetime | None:
        """An instant up to `at`."""
        if written is None:
            return None
        try:
            found = self.moments.read(written)
        except RefusalError as error:
            self._refuse((*path, key), error.message, error.hint)
            return None
        if found > self._at:
            self._refuse((*path, key), "this is after `at`", "write for example `-3 days`")
        return found

    @property
    def _at(self) -> datetime:
        if self.moments.at is None:
            raise ValueError("a way is read at an instant")
        return self.moments.at

    def _had(self, written: MessageFile, path: Path) -> Had | None:
        steps = {each.id: each for each in self.campaign.steps}
        step = steps.get(written.step)
        if step is None:
            hint = did_you_mean(written.step, steps, listing="there are")
            self._refuse((*path, "step"), f"the campaign has no message `{written.step}`", hint)
            return None
        channel = written.channel or step.channels[0]
        if channel not in step.channels:
            hint = did_you_mean(channel, step.channels, listing="it has")
            self._refuse((*path, "channel"), f"`{step.id}` has no channel `{channel}`", hint)
        at = self._before(written.at, path, "at")
        done = [(kind, self._before(getattr(written, kind), path, kind)) for kind in REACTIONS]
        replied_at = self._before(written.replied, path, "replied")
        reactions = tuple((kind, when) for kind, when in done if when is not None)
        return None if at is None else Had(step.id, channel, at, reactions, replied_at)

    def _position(self, written: JourneyFile, path: Path, had: Sequence[Had]) -> int:
        places = self._places()
        if written.step is None:
            return self.campaign.stops[places[had[-1].step]].then if had else 0
        if written.step not in places:
            hint = did_you_mean(written.step, places, listing="there are")
            self._refuse((*path, "step"), f"the campaign has no step `{written.step}`", hint)
        return places.get(written.step, 0)

    def _places(self) -> Mapping[str, int]:
        """Positions of messages, and of waits that have a name."""
        stops = enumerate(stop.what for stop in self.campaign.stops)
        return {
            what.id: position
            for position, what in stops
            if isinstance(what, Step) or (isinstance(what, Wait) and what.is_named)
        }

    def _entered_at(
        self, written: JourneyFile, path: Path, had: Sequence[Had], events: Sequence[Happened]
    ) -> datetime:
        """As written; where an event begins the campaign as the last of its kind until then."""
        told = self._before(written.entered, path, "entered")
        since = self._before(written.since, path, "since") if not had else had[0].at
        until = told or since or self._at
        on_event = self.campaign.schedule.on_event
        if on_event is None:
            return until
        kind = on_event.kind
        begun = [each.at for each in events if each.values["kind"] == kind and each.at <= until]
        if not begun:
            message = f"no `{kind}` began it until then"
            self._refuse(path, message, f"write under `events`: `{{kind: {kind}, at: …}}`")
            return until
        return max(begun)

    def _since(
        self, written: JourneyFile, path: Path, had: Sequence[Had], position: int, entered: datetime
    ) -> datetime:
        if written.since is not None:
            return self._before(written.since, path, "since") or self._at
        stops = self.campaign.stops
        is_message = position < len(stops) and isinstance(stops[position].what, Step)
        if written.step is not None and (is_message or not had):
            return self._at
        on_event = self.campaign.schedule.on_event
        begin = entered if on_event is None else entered + on_event.after
        return had[-1].at if had else begin

    def _timed_out(self, written: JourneyFile, path: Path) -> tuple[str, ...]:
        waits = [stop.what for stop in self.campaign.stops if isinstance(stop.what, Wait)]
        known = [each.id for each in waits if each.is_named and each.until is not None]
        for number, name in enumerate(written.timed_out or ()):
            if name not in known:
                hint = did_you_mean(name, known, listing="there are") or "take it out"
                message = f"no wait `{name}` can time out"
                self._refuse((*path, "timed_out", number), message, hint)
        return tuple(written.timed_out or ())
