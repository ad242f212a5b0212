"""What a customer lacks of what a template prints."""

from collections.abc import Mapping

from outreach.rendering import Compiled
from outreach.rendering.happened import STARTED, Happened
from outreach.rendering.sandbox import Dates


def lacking_of(compiled: Compiled, channel: str, made: Mapping[str, object], speaks: str) -> str:
    """What a customer lacks of what the template prints, as a sentence; empty if it is nothing."""
    wanted = compiled.locale_for(channel, speaks or None)
    needs = [
        need for need in compiled.needs(channel) if need.locales is None or wanted in need.locales
    ]
    groups = {frozenset((name,)) for need in needs for name in need.names}
    groups |= {group for need in needs for group in need.any_of}
    lacking = sorted(
        " or ".join(f"`{name}`" for name in sorted(group))
        for group in groups
        if not any(_is_known(made, name) for name in group)
    )
    return f"lacks {', '.join(lacking)}, which the template prints" if lacking else ""


def _is_known(made: Mapping[str, object], name: str) -> bool:
    if name in made:
        return made[name] not in (None, "", [])
    whole, _, part = name.partition(".")
    dates = made.get(whole)
    if whole == STARTED:
        return isinstance(dates, Happened) and dates.known.get(part) is not None
    return not isinstance(dates, Dates) or dates.known.get(part) is not None
