"""Who reads what goes to an address, and whose touches are whose."""

from world import Customer, Touch, World, address_of


def readers(world: World, customer: Customer, channel: str) -> list[Customer]:
    """The customer, and who else has their address or stands for a merged record that has it."""
    address, people = address_of(customer, channel), {c.key: c for c in world.customers}
    there = [c for c in world.customers if address and address_of(c, channel) == address]
    others = {c.merged_into or c.key for c in there} - {customer.key}
    return [customer, *(people[key] for key in sorted(others))]


def is_touched(world: World, reader: Customer, touch: Touch) -> bool:
    """Whether a touch reached a reader: theirs, or at an address of theirs by who shares one.

    Records that were merged into the reader are the reader too.
    """
    own = [c for c in world.customers if reader.key in (c.key, c.merged_into)]
    if touch.key in {c.key for c in own}:
        return True
    to = next(c for c in world.customers if c.key == touch.key)
    shares = any(
        (to.email and to.email == c.email) or (to.phone and to.phone == c.phone) for c in own
    )
    return shares and touch.address in {address_of(c, touch.channel) for c in own}
