"""A campaign read back in words, so that nobody need read YAML to know what it does."""

from dataclasses import dataclass

from outreach.app.context import Context
from outreach.app.project import campaign_named
from outreach.campaign.described.paragraph import describe
from outreach.campaign.described.speaker import LANGUAGES
from outreach.documents import did_you_mean
from outreach.errors import UsageError


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
    if language not in LANGUAGES:
        hint = did_you_mean(language, LANGUAGES, listing="there are")
        raise UsageError(f"`--lang {language}` is not spoken", hint)
    campaign = campaign_named(context, name)
    return Described(name, language, describe(campaign, context.company(), language))
