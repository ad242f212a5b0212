"""Properties of the reference on random worlds, and of the worlds themselves."""

from collections import Counter

from hypothesis import HealthCheck, given, settings
from reference import decide
from world import World, address_of, picks
from worlds import random_world

from outreach.vocabulary import Decision

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(random_world())
def test_everyone_in_the_audience_has_one_sound_verdict(world: World) -> None:
    verdicts = decide(world)

    audience = [c.key for c in world.customers if picks(world.campaign.audience, c, nothing=True)]
    assert sorted(verdicts) == sorted(audience)
    for verdict in verdicts.values():
        goes = verdict.decision is not Decision.SKIP
        assert (verdict.channel in world.campaign.steps[0].channels) is goes
        assert (verdict.reason is None) is (verdict.decision is Decision.SEND)
        assert (verdict.until is None) is (verdict.decision is not Decision.HOLD)
        assert verdict.until is None or world.asked_at < verdict.until <= world.late_at


@few
@given(random_world())
def test_verdicts_do_not_depend_on_the_order_of_rows(world: World) -> None:
    """Of consents it counts: of two words alike at one instant the one recorded last holds."""
    backwards = {name: getattr(world, name)[::-1] for name in ("customers", "touches")}

    assert decide(type(world)(**_fields(world) | backwards)) == decide(world)


@few
@given(random_world())
def test_nobody_of_another_address_changes_a_verdict(world: World) -> None:
    """Who shares no address with anyone, and stands for nobody else, is decided the same alone."""
    shared = Counter(
        (channel, address_of(c, channel)) for c in world.customers for channel in ("sms", "email")
    )
    verdicts, kept = decide(world), {c.merged_into for c in world.customers}
    for customer in world.customers:
        if customer.key in kept:
            continue
        own = [(channel, address_of(customer, channel)) for channel in ("sms", "email")]
        if all(shared[pair] == 1 or not pair[1] for pair in own):
            alone = _fields(world) | {
                "customers": (customer,),
                "touches": tuple(t for t in world.touches if t.key == customer.key),
                "consents": tuple(c for c in world.consents if c.key == customer.key),
            }
            assert decide(World(**alone)).get(customer.key) == verdicts.get(customer.key)


def _fields(world: World) -> dict[str, object]:
    return {name: getattr(world, name) for name in World.__dataclass_fields__}
