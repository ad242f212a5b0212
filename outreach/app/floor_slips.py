"""What `check` says of the campaigns that floors give customers to; no database is asked."""

from collections.abc import Iterator, Mapping

from outreach.campaign.check import Project
from outreach.campaign.model import Campaign
from outreach.campaign.project import campaign_files
from outreach.documents import Document, did_you_mean, load
from outreach.errors import WARNING, Problem
from outreach.settings.company import Company, Floor
from outreach.settings.company_file import COMPANY_FILE
from outreach.settings.floor_file import OWNER
from outreach.spans import Cap, PerKind
from outreach.vocabulary import Status

_DAYS = {PerKind.DAYS: 1, PerKind.DAY: 1, PerKind.WEEK: 7, PerKind.MONTH: 30}


def unfit_floors(files: Mapping[str, bytes], project: Project) -> Iterator[Problem]:
    """Floors `by` what is no campaign, or by one that takes customers all at once: faults."""
    yield from _by_nobody(files)
    for document, number, floor in _by_campaign(files, project.company):
        path, campaign = ("floors", number, "by"), project.campaigns.get(floor.by)
        if campaign is not None and not campaign.is_journey:
            message = f"`{floor.by}` goes to its whole audience at once, not to one after the other"
            hint = f"write `reentry: after {floor.days} days` in it, or give it several steps"
            yield document.problem(path, "bad-value", message, hint)


def _by_nobody(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Floors by what is no campaign, also where outreach.yaml has other faults."""
    document = load(COMPANY_FILE, files.get(COMPANY_FILE, b""))[0]
    floors = None if document is None else document.get(("floors",))
    known = [name for name, _ in campaign_files(files)]
    for number in range(len(floors) if isinstance(floors, list) else 0):
        path = ("floors", number, "by")
        by = None if document is None else document.get(path)
        if document is not None and isinstance(by, str) and by not in ("", OWNER, *known):
            hint = did_you_mean(by, [OWNER, *known], listing="there are")
            message = f"there is no campaign `{by}`"
            yield document.problem(path, "unknown-campaign", message, hint)


def floors_in_vain(files: Mapping[str, bytes], project: Project) -> Iterator[Problem]:
    """Floors by a campaign that is not active, or that limits let send less often: warnings."""
    company = project.company
    for document, number, floor in _by_campaign(files, company):
        campaign = project.campaigns.get(floor.by)
        if campaign is None or company is None:
            continue
        if campaign.status is not Status.ACTIVE:
            message = f"`{floor.by}` is not active: nobody is given to it"
            hint = "write `status: active` in it, or take the floor out"
            yield document.problem(("floors", number, "by"), f"{WARNING}floor", message, hint)
        topic = company.topics.get(campaign.topic)
        if topic is None or not topic.transactional:
            yield from _against_caps(document, number, floor, campaign, company)


def _against_caps(
    document: Document, number: int, floor: Floor, campaign: Campaign, company: Company
) -> Iterator[Problem]:
    for cap in (*company.cadence, *campaign.cadence):
        days = _apart(cap)
        if days <= floor.days or cap.topic not in (None, campaign.topic):
            continue
        channels = {each for step in campaign.steps for each in step.channels}
        if cap.channel is not None and channels != {cap.channel}:
            continue
        message = f"a touch each {floor.days} days can not be kept: a limit lets {cap.at_most} through per {cap.per}"
        hint = f"write a `per` of {days} days or more, or a wider limit"
        yield document.problem(("floors", number, "per"), f"{WARNING}floor", message, hint)
        return


def _apart(cap: Cap) -> int:
    """How many days lie between two messages, in the mean, that a limit lets through at most."""
    span = cap.per.length * _DAYS[cap.per.kind] if cap.per.kind in _DAYS else 0
    return -(-span // cap.at_most)


def _by_campaign(
    files: Mapping[str, bytes], company: Company | None
) -> Iterator[tuple[Document, int, Floor]]:
    document = load(COMPANY_FILE, files.get(COMPANY_FILE, b""))[0]
    if company is None or document is None:
        return
    for number, floor in enumerate(company.floors):
        if floor.by:
            yield document, number, floor
