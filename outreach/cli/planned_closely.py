"""What a plan says besides its funnel: stages, domains, load, and what each rule costs."""

from outreach.app.load import Load
from outreach.app.planning import Plan
from outreach.cli.screen import Screen

MOST_DOMAINS = 10


def show_closely(screen: Screen, plan: Plan) -> None:
    """By language where there are several, the load where anything limits it; where it
    was asked, by stage and domain and what rules cost."""
    if len(plan.locales) > 1:
        screen.line()
        screen.heading("By language")
        screen.bars({name or _unnamed(plan): n for name, n in plan.locales.items()})
    if plan.stages:
        screen.line()
        screen.heading("By stage")
        screen.bars({stage or "none": many for stage, many in plan.stages.items()})
    if plan.domains:
        screen.line()
        screen.heading("Mails by domain")
        names = list(plan.domains)[:MOST_DOMAINS]
        rest = sum(plan.domains.values()) - sum(plan.domains[name] for name in names)
        more = {"others": rest} if rest else {}
        screen.bars({name: plan.domains[name] for name in names} | more)
    if plan.load:
        screen.line()
        for each in plan.load:
            screen.line(_said(each))
    if plan.unlocks is not None:
        screen.line()
        screen.heading("One rule alone keeps out")
        for unlock in plan.unlocks:
            screen.line(f"+{unlock.customers:,} {unlock.remedy} ({unlock.rule})")
        if not plan.unlocks:
            screen.line("nobody")


def _unnamed(plan: Plan) -> str:
    """The files without a language, and who reads them."""
    speak = ", ".join(f"{name or 'not known'} {many:,}" for name, many in plan.unnamed.items())
    return f"the file without a language ({speak})"


def _said(load: Load) -> str:
    said = f"{load.limit}: {load.messages:,} at {load.rate} take {_span(load.takes)}"
    if load.ends_in is None:
        return said
    return f"{said}; their time ends in {_span(load.ends_in)}" + ("" if load.fits else ": too slow")


def _span(seconds: int) -> str:
    """`10 min 20 s`, `3 h`: the two largest units."""
    parts = [
        f"{count} {unit}"
        for count, unit in (
            (seconds // 86_400, "d"),
            (seconds // 3600 % 24, "h"),
            (seconds // 60 % 60, "min"),
            (seconds % 60, "s"),
        )
        if count
    ]
    return " ".join(parts[:2]) or "no time"
