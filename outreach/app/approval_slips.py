"""Campaigns that nobody could ever approve: told by `check`."""

from collections.abc import Iterator, Mapping

from outreach.campaign.approval import may_approve, needed
from outreach.campaign.check import Project
from outreach.documents import load
from outreach.errors import Problem


def unapprovable(files: Mapping[str, bytes], project: Project) -> Iterator[Problem]:
    """A problem of each campaign for which too few may speak, where outreach.yaml is in order."""
    company = project.company
    if company is None:
        return
    for campaign in project.campaigns.values():
        people = needed(campaign, company, None)
        may = may_approve(campaign, company, people)
        document = load(campaign.file, files[campaign.file])[0]
        if len(may) >= people or document is None:
            continue
        path = ("approval",) if document.has(("approval",)) else ("owner",)
        hint = "add people to `approval` `people` in outreach.yaml"
        if len(company.approval.people) >= people:
            there = ", ".join(may) or "nobody"
            message = f"two must approve it, not its owner {campaign.owner}: that leaves {there}"
        else:
            number = "two" if people > 1 else "somebody"
            message = f"{number} must approve it, and outreach.yaml names too few who may"
        yield document.problem(path, "too-few-people", message, hint)
