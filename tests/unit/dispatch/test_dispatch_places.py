"""The gate of what is handing at once, the shelf, and what a process knows to hold."""

import threading

from outreach.dispatch.places import Holdings, Places, Tally
from outreach.store.custody import Settlement
from outreach.vocabulary import State


def test_the_gate_gives_what_is_free_and_no_more() -> None:
    places = Places(5)

    assert [places.take(3, 0), places.take(3, 0), places.take(3, 0)] == [3, 2, 0]
    places.give(1)
    assert places.take(3, 0) == 1
    assert places.taken() == 5


def test_the_gate_wakes_who_waits_for_a_place() -> None:
    places = Places(1)
    places.take(1, 0)
    threading.Timer(0.02, places.give, (1,)).start()

    assert places.take(4, 10) == 1


def test_strangers_are_rows_that_are_not_held_with_their_fence() -> None:
    holdings = Holdings()
    holdings.hold({1: 1, 2: 1})
    table = {1: (1, State.CLAIMED), 2: (2, State.HANDING), 3: (1, State.CLAIMED)}

    assert holdings.strangers(table).keys() == {2, 3}


def test_a_settlement_is_remembered_for_its_fence_only() -> None:
    holdings = Holdings()
    holdings.hold({1: 4})
    done = Settlement(1, 4, State.SENT, None)

    holdings.settled([done])

    assert holdings.settlement(1, 4) == done
    assert holdings.settlement(1, 5) is None
    assert holdings.strangers({1: (4, State.HANDING)}).keys() == {1}


def test_only_so_many_settlements_are_remembered() -> None:
    holdings = Holdings()

    holdings.settled(Settlement(number, 1, State.SENT, None) for number in range(5000))

    assert holdings.settlement(0, 1) is None
    assert holdings.settlement(4999, 1) is not None


def test_the_tally_counts_states() -> None:
    tally = Tally()

    tally.add([State.SENT, State.FAILED])
    tally.add([State.SENT])

    assert tally.counts() == {"failed": 1, "sent": 2}
