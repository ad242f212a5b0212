"""When a campaign comes next."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from outreach.app.context import Context
from outreach.app.occasion import occasions_ahead
from outreach.app.planning import said_when
from outreach.app.project import campaign_named
from outreach.vocabulary import Status

MOST = 5


@dataclass(frozen=True, slots=True)
class Coming:
    """A campaign's next occurrences: as instants, or as wall clocks of the customers' own zones."""

    campaign: str
    status: Status  # only `active` goes out
    starts: str  # by what: cron, at, manual …
    at: tuple[datetime, ...]
    said: tuple[str, ...]  # the same as people say it


def coming(context: Context, name: str, most: int = MOST) -> Coming:
    """The next occurrences of a campaign, whatever its status; none of one that is sent by hand."""
    campaign, company = campaign_named(context, name), context.company()
    found = list(islice(occasions_ahead(context, campaign), most))
    return Coming(
        campaign=name,
        status=campaign.status,
        starts=campaign.schedule.kind.value,
        at=tuple(each.local_at or each.first_at for each in found),
        said=tuple(said_when(each, campaign, company) for each in found),
    )
