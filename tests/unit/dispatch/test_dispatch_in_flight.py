"""Who may have another connection: by how many each domain keeps, and how late its answers are."""

import pytest
from makers import NOW

from outreach.channels.adapter import Email, Outcome
from outreach.dispatch.held import Held, Ready
from outreach.dispatch.in_flight import InFlight
from outreach.dispatch.patience import MOST_AHEAD, MOST_ALL_AHEAD, Patience
from outreach.dispatch.retry import Backoff
from outreach.dispatch.shelf import Shelf
from outreach.vocabulary import Answer


def ready(number: int, domain: str) -> Ready:
    to = f"c{number}@{domain}.example"
    held = Held(number, 1, 1, number, "email", to, None, NOW, NOW, 0, 0, resend=False)
    return Ready(held, Email(number, to, "us@example.com", b"", eight_bit=False), f"<{number}@x>")


class Adapter:
    """Connections that each pull one after the other; what is pulled is handed over long ago."""

    def __init__(self, connections: int, *domains: str, late: bool = True, most: int = 99) -> None:
        self.shelf = Shelf()
        self.put(*domains)
        self.patience = Patience("email", Backoff())
        seconds = 0.0 if late else float("inf")
        self.in_flight = InFlight(self.patience, most, seconds)
        self._pulls = [self.in_flight.ask() for _ in range(connections)]

    def put(self, *domains: str) -> None:
        first = self.shelf.taken + len(self.shelf)
        self.shelf.put([ready(first + place, name) for place, name in enumerate(domains)])

    def pull(self, number: int, most: int = 1) -> list[int]:
        taken = [one.held.id for one in self.in_flight.take(self._pulls[number], self.shelf, most)]
        self.in_flight.handed(taken, 1.0)
        return taken


def test_a_domain_that_has_yet_to_answer_keeps_half_of_the_connections() -> None:
    adapter = Adapter(4, "a", "a", "a", "a", late=False)

    assert [adapter.pull(number) for number in range(4)] == [[0], [1], [], []]


def test_a_connection_takes_no_more_than_its_part() -> None:
    adapter = Adapter(3, *"abcdefgh", late=False, most=6)

    assert [adapter.pull(number, 16) for number in range(3)] == [[0, 1], [2, 3], [4, 5]]


def test_one_that_answers_may_have_all_until_others_have_work() -> None:
    adapter = Adapter(4, "a", "a", "a", "a", "a", late=False)
    adapter.pull(0), adapter.pull(1)
    adapter.in_flight.answered(Outcome(0, Answer.ACCEPTED))

    assert [adapter.pull(number) for number in (0, 2, 3)] == [[2], [3], [4]]
    adapter.in_flight.answered(Outcome(4, Answer.ACCEPTED))
    adapter.put("a", "b")
    assert adapter.pull(3) == [6]


def test_a_slow_domain_keeps_half_and_its_messages_go_alone() -> None:
    adapter = Adapter(4, "a", "a", "a", "b", "b")
    adapter.pull(0), adapter.pull(1)

    assert adapter.pull(2, most=5) == [3, 4]
    assert adapter.patience.slow() == {"email/a.example"}
    adapter.in_flight.answered(Outcome(0, Answer.ACCEPTED))
    assert adapter.pull(0, most=5) == [2]


def test_slow_domains_together_leave_a_connection_to_the_others() -> None:
    adapter = Adapter(4, "slow", "slow", "slow", "late", "late", "quick")
    adapter.patience.late("email/slow.example")

    assert [adapter.pull(number) for number in range(3)] == [[0], [1], [3]]
    assert adapter.pull(3, most=9) == [5]
    adapter.in_flight.answered(Outcome(5, Answer.ACCEPTED))
    assert adapter.pull(3, most=9) == []


@pytest.mark.parametrize("most", [99, 1])
def test_a_single_connection_or_place_serves_all_in_their_order(most: int) -> None:
    adapter = Adapter(1 if most > 1 else 4, "a", "a", "b", most=most)
    adapter.patience.late("email/a.example")

    for number in range(3):
        assert adapter.pull(0) == [number]
        adapter.in_flight.answered(Outcome(number, Answer.ACCEPTED))


def test_few_of_a_slow_domain_are_claimed_ahead_and_not_many_of_all() -> None:
    patience = Patience("email", Backoff())
    lanes = [f"email/{number}.example" for number in range(MOST_ALL_AHEAD)]
    for lane in lanes:
        patience.late(lane)

    assert patience.enough({lanes[0]: MOST_AHEAD, lanes[1]: MOST_AHEAD - 1}) == {lanes[0]}
    assert patience.enough(dict.fromkeys(lanes, 1)) == set(lanes)


def test_what_a_slow_domain_has_on_the_shelf_beyond_that_is_put_back() -> None:
    adapter = Adapter(1, "a", "b", "a", "a", "b")

    surplus = adapter.shelf.surplus({"email/a.example"}, 1)

    assert [one.held.id for one in surplus] == [2, 3]
    assert adapter.pull(0, most=9) == [0, 1, 4]
