"""A campaign read back in words, so that nobody need read YAML to know what it does."""

from collections.abc import Iterable
from dataclasses import dataclass

from outreach.app.context import Context
from outreach.app.project import campaign_named
from outreach.app.sound import sound_campaigns
from outreach.campaign.described.paragraph import describe
from outreach.campaign.described.speaker import LANGUAGES
from outreach.documents import did_you_mean
from outreach.errors import Problem, UsageError


@dataclass(frozen=True, slots=True)
class Described:
    """One campaign in a language."""

    campaign: str
    language: str
    text: str


def describe_campaign(context: Context, name: str, language: str) -> Described:
    """What a campaign's file says, with the defaults that matter; no database is asked.

    ProblemsFound where it is at fault, UsageError for a language that is not spoken.
    """
    _must_be_spoken(language)
    campaign = campaign_named(context, name)
    return Described(name, language, describe(campaign, context.company(), language))


def describe_all(context: Context, faulty: Iterable[Problem], language: str) -> list[Described]:
    """Every campaign that goes out or may, by name, but for those at fault; else as the one."""
    _must_be_spoken(language)
    company = context.loaded.company
    if company is None:
        return []
    sound = sorted(sound_campaigns(context, faulty), key=lambda each: each.name)
    return [Described(each.name, language, describe(each, company, language)) for each in sound]


def _must_be_spoken(language: str) -> None:
    """UsageError for a language that campaigns are not read back in."""
    if language not in LANGUAGES:
        hint = did_you_mean(language, LANGUAGES, listing="there are")
        raise UsageError(f"`--lang {language}` is not spoken", hint)
