"""A campaign made to correct a run of it: another message, to those who got that one."""

import json
from dataclasses import asdict, replace

from outreach.campaign.model import Campaign, Correction, Schedule, ScheduleKind, Selection

CORRECTION = "correction.json"  # pinned beside the campaign's own file
HIGHEST = 100  # it goes before all others


def corrected(campaign: Campaign, correction: Correction) -> Campaign:
    """The campaign with the correcting message instead: at once, to everyone it is for, no arms.

    Topic, owner and quiet hours stay; its own audience, window and limits do not matter any more.
    """
    step = replace(
        campaign.at_step(correction.step).steps[0],
        channels=(correction.channel,),
        template=correction.template,
        when=None,
    )
    return replace(
        campaign,
        audience=Selection(),
        exclude=None,
        schedule=Schedule(ScheduleKind.MANUAL),
        steps=(step,),
        path=(),
        exit=None,
        goal=None,
        priority=HIGHEST,
        cadence=(),
        when_capped="skip",
        on_unknown="keep",
        holdout=0,
        variants=(),
        winner=None,
        attachments=(),
        corrects=correction,
    )


def written(correction: Correction) -> bytes:
    """The correction as it is pinned."""
    return json.dumps(asdict(correction), sort_keys=True).encode()


def read(content: bytes) -> Correction:
    """The correction that was pinned."""
    return Correction(**json.loads(content))
