"""What a run pins of a project: the campaign, all that its message uses, brand and senders."""

import json
from collections.abc import Mapping

from outreach.campaign.correction import CORRECTION, corrected, read, written
from outreach.campaign.load import load_campaign
from outreach.campaign.model import Campaign
from outreach.errors import ProblemsFound
from outreach.settings.company import Brand, ChannelSettings, Company

FROM_COMPANY = "brand.json"  # brand and senders, so that a run's messages never change their face
TOPIC = "topic.json"  # what a transactional topic means: who approves that approves no other rule
_OF_CHANNEL = ("sender", "reply_to", "messaging_service", "signature")


def pinned_files(
    campaign: Campaign, files: Mapping[str, bytes], company: Company
) -> dict[str, bytes]:
    """The files of one revision, by path: a change to any of them makes another revision."""
    folders = ("templates/_base/", *(f"templates/{step.template}/" for step in campaign.steps))
    found = {path: content for path, content in files.items() if path.startswith(folders)}
    path = f"campaigns/{campaign.name}.yaml"
    found |= {path: files[path], FROM_COMPANY: face_of(company)}
    meaning = topic_meaning(campaign, company)
    return found if meaning is None else found | {TOPIC: meaning}


def topic_meaning(campaign: Campaign, company: Company) -> bytes | None:
    """What an approval covers of a campaign's topic; None where it needs a yes, as most do.

    Nothing is sent by it: the company's rules of now are. Approved words whose topic has become
    transactional since would go to who never agreed, uncapped, and to who is held out.
    """
    topic = company.topics.get(campaign.topic)
    if topic is None or not topic.transactional:
        return None
    return json.dumps({"transactional": True, "urgent": topic.urgent}, sort_keys=True).encode()


def unpinned(name: str, files: Mapping[str, bytes], company: Company) -> tuple[Campaign, Company]:
    """A revision's campaign, and the company's present rules with the brand of that revision.

    ProblemsFound when the present rules no longer know what the campaign names: a topic, say.
    """
    company = _with_face(company, files[FROM_COMPANY])
    path = f"campaigns/{name}.yaml"
    campaign, problems = load_campaign(name, path, files[path], company)
    if campaign is None:
        raise ProblemsFound(problems)
    if CORRECTION in files:
        campaign = corrected(campaign, read(files[CORRECTION]))
    return campaign, company


def pinned_correction(
    campaign: Campaign, original: Mapping[str, bytes], files: Mapping[str, bytes], company: Company
) -> dict[str, bytes]:
    """The files of a correction: the run's own campaign file, the project's present templates."""
    if campaign.corrects is None:
        raise ValueError("a campaign that corrects a run is needed")
    path = f"campaigns/{campaign.name}.yaml"
    found = pinned_files(campaign, {**files, path: original[path]}, company)
    return found | {CORRECTION: written(campaign.corrects)}


def face_of(company: Company) -> bytes:
    """Brand and senders, as a revision pins them."""
    channels = {
        name: {key: getattr(settings, key) for key in _OF_CHANNEL}
        for name, settings in sorted(company.channels.items())
    }
    face = {"brand": company.brand.model_dump(), "senders": company.senders, "channels": channels}
    return json.dumps(face, sort_keys=True, ensure_ascii=False).encode()


def _with_face(company: Company, content: bytes) -> Company:
    face = json.loads(content)
    channels = {
        name: company.channels.get(name, ChannelSettings()).model_copy(update=pinned)
        for name, pinned in face["channels"].items()
    }
    return company.model_copy(
        update={
            "brand": Brand(**face["brand"]),
            "senders": face["senders"],
            "channels": dict(company.channels) | channels,
        }
    )
