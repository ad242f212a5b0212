"""How a journey goes on, in plain Python: no SQL, no speed, no code shared with the product.

Written from docs/meanings/journeys.md and docs/campaigns.md. The scheduler looks now and then; at a
look it hears what was recorded since, and whatever has come up by then happens, in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import journey_world as given
from journey_clock import next_moment, opening


def walks(world: given.JourneyWorld) -> dict[str, list[given.Walk]]:
    """By key how often each customer came in, and what became of it."""
    return {person.key: _Person(world, person).lives() for person in world.people}


@dataclass
class _Course:
    """One time in the journey; what `rest` begins with is what the customer has come to at `at`."""

    began: given.Happening
    at: datetime
    rest: tuple[given.Item, ...]
    messages: list[given.Told] = field(default_factory=list)
    timed_out: set[str] = field(default_factory=set)
    until: datetime | None = None  # what `rest` begins with holds until then
    ended: tuple[str, datetime] | None = None


@dataclass
class _Person:
    world: given.JourneyWorld
    person: given.Person
    tier: str = ""
    heard: list[given.Happening] = field(default_factory=list)
    ahead: list[given.Happening] = field(default_factory=list)
    courses: list[_Course] = field(default_factory=list)

    @property
    def journey(self) -> given.Journey:
        return self.world.journey

    @property
    def course(self) -> _Course | None:
        """The one that the customer is on."""
        on = [each for each in self.courses if each.ended is None]
        return on[0] if on else None

    def lives(self) -> list[given.Walk]:
        self.tier = self.person.tier
        before = None
        for now in self.world.looks:
            own = [each for each in self.world.happenings if each.key == self.person.key]
            new = [each for each in own if (before is None or each.at > before) and each.at <= now]
            self._look(now, new)
            before = now
        return [
            given.Walk(each.began.dated, tuple(each.messages), *(each.ended or ()))
            for each in self.courses
        ]

    def _look(self, now: datetime, new: Sequence[given.Happening]) -> None:
        self.tier = next((each.tier for each in reversed(new) if each.tier), self.tier)
        events = [each for each in new if each.kind]
        self.heard += events
        come = [each for each in self.ahead if each.dated <= now]
        self.ahead = [each for each in self.ahead if each.dated > now]
        self._happen(now, come)
        self._happen(now, [each for each in events if each.dated <= now])
        self.ahead += [each for each in events if each.dated > now]
        if self.course is not None:
            self._go_on(self.course, now)

    def _happen(self, now: datetime, events: Sequence[given.Happening]) -> None:
        """`exit` is asked at each event; the one that ended it may begin it anew."""
        course = self.course
        if events and course is not None and self._holds(self.journey.exit, course, now):
            self._end(course, now)
        for event in sorted(events, key=lambda each: each.dated):
            if event.kind == "order" and self._may_begin(event, now):
                begins = event.dated + self.journey.after
                self.courses.append(_Course(event, begins, self.journey.items))

    def _may_begin(self, event: given.Happening, now: datetime) -> bool:
        active_since, again = self.world.looks[0], self.journey.again
        if self.course is not None or event.dated < active_since:
            return False
        if event.at > event.dated + self.journey.late or not self._is_meant(now):
            return False
        if not self._holds(self.journey.where, _Course(event, now, ()), now, nothing=True):
            return False
        if again is None or not self.courses:
            return True
        last = max(each.began.dated for each in self.courses)
        return again >= timedelta(0) and last + again <= now

    def _is_meant(self, now: datetime) -> bool:
        return self._holds(self.journey.audience, None, now, nothing=True)

    def _end(self, course: _Course, now: datetime) -> None:
        course.ended = ("exited", now)
        last = course.messages[-1] if course.messages else None
        if last is not None and last.reason == "":
            course.messages[-1] = replace(last, reason="exited")

    def _go_on(self, course: _Course, now: datetime) -> None:
        while course.ended is None and course.at <= now:
            if not course.rest:
                course.ended = ("finished", course.at)
                return
            item, behind = course.rest[0], course.rest[1:]
            if isinstance(item, given.Fork):
                fits = (w for when, w in item.ways if self._holds(when, course, now, nothing=True))
                course.rest = (*next(fits, ()), *behind)
                continue
            go = self._send if isinstance(item, given.Message) else self._pause
            if (left_at := go(item, course, now)) is None:
                return
            course.at, course.rest, course.until = left_at, behind, None

    def _pause(self, pause: given.Pause, course: _Course, now: datetime) -> datetime | None:
        """When the wait ended; None: it lasts."""
        if pause.span is not None:
            ends = course.at + pause.span
        elif pause.at is not None:
            ends = next_moment(pause, self.person.zone, course.at)
        else:
            if self._holds(pause.until, course, now):
                return now
            ends = course.at + pause.at_most
            if ends <= now:
                course.timed_out.add(pause.id)
        return ends if ends <= now else None

    def _send(self, message: given.Message, course: _Course, now: datetime) -> datetime | None:
        """When the message went, or was left out; None: it waits."""
        if course.until is None:
            course.messages.append(given.Told(message.id, course.at, ""))
        elif course.until > now and now <= course.at + self.journey.late:
            return None
        reason, course.until = self._decide(message, course, now)
        if course.until is not None:
            return None
        went = now if reason == "sent" else None
        course.messages[-1] = replace(course.messages[-1], reason=reason, sent_at=went)
        if self._holds(self.journey.exit, course, now) and reason not in ("sent", "expired"):
            course.ended = ("exited", now)
        return now

    def _decide(
        self, message: given.Message, course: _Course, now: datetime
    ) -> tuple[str, datetime | None]:
        late_at = course.at + self.journey.late
        opens_at = opening(self.journey, self.person.zone, now)
        if now > late_at:
            return "expired", None  # nothing else is asked any more
        if not self._is_meant(now):
            return "not_in_audience", None
        if self.journey.exclude and self._holds(self.journey.exclude, course, now):
            return "excluded", None
        if self._holds(self.journey.exit, course, now):
            return "exited", None
        if not self._holds(message.when, course, now, nothing=True):
            return "when_false", None
        if opens_at > now:
            return ("", opens_at) if opens_at < late_at else ("outside_window", None)
        return "sent", None

    def _holds(
        self,
        asked: given.Asked | None,
        course: _Course | None,
        now: datetime,
        nothing: bool = False,
    ) -> bool:
        """Whether it holds; `nothing` where nothing is asked."""
        if asked is None:
            return nothing
        return self._is_so(asked, course, now) is asked.holds

    def _is_so(self, asked: given.Asked, course: _Course | None, now: datetime) -> bool:
        seen = [each for each in self.heard if each.dated <= now and each.kind == asked.what]
        if asked.kind == "tier":
            return self.tier == asked.what
        if asked.kind == "within":
            return len([each for each in seen if each.dated > now - asked.span]) >= asked.least
        assert course is not None
        began = course.began
        if asked.kind == "count":
            later = [each for each in seen if each.dated >= began.dated and each is not began]
            return len(later) >= asked.least
        if asked.kind == "entered":
            return began.dated <= now - asked.span
        if asked.kind == "amount":
            return (began.amount or 0) >= asked.least
        return asked.what in course.timed_out
