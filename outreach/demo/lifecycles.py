"""The demo under another lifecycle: whom its campaigns are for where stages have other names."""

import re
from dataclasses import dataclass
from pathlib import Path

from outreach.documents import did_you_mean
from outreach.errors import UsageError
from outreach.lifecycle.load import GIVEN, load_lifecycle, presets
from outreach.settings.company import Brand, Company

SAMPLES_OWN = "six-stage"
GIVEN_BY = "tier"  # the column that says the stage under `given`: as if a CRM had A, B and C
RECENT = "last_order_at > now - days(180)"
QUIET = "orders >= 2 and last_order_at < now - days(60) and last_order_at > now - days(365)"
_RULES = re.compile(r"^# The stages a customer moves through:.*\n(?:#.*\n)*lifecycle: .*$", re.M)
_AUDIENCE = re.compile(r"^audience:\n(?:  (?:stage|where): .*\n)+", re.M)
_WELCOME = re.compile(r"maturity(?=[\]}])")


@dataclass(frozen=True, slots=True)
class Audience:
    """Stages, and what else must hold."""

    stages: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Audiences:
    """Who is greeted on Friday: everyone who buys from us; who is won back: good, and quiet.

    And the stage in which customers are regulars: they are welcomed there.
    """

    greeting: Audience
    win_back: Audience
    regulars: str


# Where stages say nothing about how long ago somebody ordered, the condition does.
_AUDIENCES = {
    "four-phase": Audiences(
        Audience(("exploration", "build-up", "stability"), "orders > 0"),
        Audience(("decline",), QUIET),
        "stability",
    ),
    "trade-cycle": Audiences(
        Audience(("first-purchase", "repeat", "regular"), "orders > 0"),
        Audience(("dormant",), QUIET),
        "regular",
    ),
    "service-custom": Audiences(
        Audience(("purchasing", "service", "care", "maintenance"), RECENT),
        Audience(("purchasing", "care", "maintenance"), QUIET),
        "care",
    ),
    "project": Audiences(  # nobody in a conflict is greeted as if nothing were
        Audience(("honeymoon", "compromise", "cooperation"), RECENT),
        Audience(("honeymoon", "compromise", "cooperation"), QUIET),
        "cooperation",
    ),
    "rfm": Audiences(
        Audience(("new", "promising", "loyal", "big-spender", "champion"), "orders > 0"),
        Audience(("at-risk", "cannot-lose"), QUIET),
        "loyal",
    ),
    "funnel": Audiences(
        Audience(("customer", "advocate"), RECENT),
        Audience(("customer", "advocate"), QUIET),
        "advocate",
    ),
    GIVEN: Audiences(Audience(("A", "B", "C"), RECENT), Audience(("A", "B"), QUIET), "A"),
}


def check_name(name: str) -> None:
    """UsageError unless the demo can run under the lifecycle."""
    known = [*presets(), GIVEN]
    if name not in known:
        hint = did_you_mean(name, known, listing="there are")
        raise UsageError(f"there is no lifecycle `{name}` that ships", hint)


def put_in_force(folder: Path, name: str) -> None:
    """Write the lifecycle into the demo's outreach.yaml, and its stages into the campaigns."""
    if name == SAMPLES_OWN:
        return
    for_whom = _AUDIENCES[name]
    _rewrite(folder / "outreach.yaml", _RULES, f"{_stages_of(name)}\nlifecycle: {name}")
    for campaign, audience in (
        ("weekly-greeting", for_whom.greeting),
        ("win-back", for_whom.win_back),
    ):
        stages = ", ".join(audience.stages)
        text = f"audience:\n  stage: [{stages}]\n  where: {audience.where}\n"
        _rewrite(folder / "campaigns" / f"{campaign}.yaml", _AUDIENCE, text)
    _rewrite(folder / "campaigns" / "regulars.yaml", _WELCOME, for_whom.regulars, 2)


def _stages_of(name: str) -> str:
    model = load_lifecycle(Company(brand=Brand(name="?"), lifecycle=name), {})[0]
    if model is None:
        return f"# The stages come with the customers' file: here its column `{GIVEN_BY}`."
    return f"# The stages a customer moves through: {', '.join(model.ids)}."


def _rewrite(path: Path, part: re.Pattern[str], text: str, times: int = 1) -> None:
    written, count = part.subn(lambda _: text, path.read_text("utf-8"))
    if count != times:
        raise LookupError(f"the sample's {path.name} is written otherwise")
    path.write_text(written, "utf-8")
