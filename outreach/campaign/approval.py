"""How many must approve a campaign, and who may, by what it and the company say."""

from outreach.campaign.model import Campaign
from outreach.settings.company import Company


def needed(campaign: Campaign, company: Company, audience: int | None) -> int:
    """How many persons must approve a campaign; `audience` None: nobody knows how large it is."""
    rules = company.approval
    if campaign.corrects is not None:
        return 0
    most = max(campaign.approval.people, rules.least.people)
    if rules.audience is None or (audience is not None and audience <= rules.audience):
        return most
    return max(most, rules.above.people)


def may_approve(campaign: Campaign, company: Company, people: int) -> tuple[str, ...]:
    """Who may approve a campaign that so many people must: where two, not its owner."""
    owner = campaign.owner.casefold() if people > 1 else None
    return tuple(each for each in company.approval.people if each.casefold() != owner)


def is_counted(campaign: Campaign, company: Company) -> bool:
    """Whether it hangs on its audience how many must approve it."""
    return needed(campaign, company, None) > needed(campaign, company, 0)
