"""Keys that people write where they are none, and where or how to write what they mean."""

from collections.abc import Mapping

_TEXT = "the text stands in the template's files, in templates/NAME/"
IN_STEP: Mapping[str, str] = dict.fromkeys(("subject", "text", "body", "message"), _TEXT)
IN_CAMPAIGN: Mapping[str, str] = {
    **IN_STEP,
    "transactional": "a topic is made transactional in outreach.yaml; here write `topic: …`",
    "tier": "it belongs under `audience`",
    "tags": "it belongs under `audience`",
    "country": "it belongs under `audience`",
    "locale": "it belongs under `audience`",
    "manual": "it belongs under `schedule`",
    "days": "it belongs under `schedule`",
    "starts": "it belongs under `schedule`",
    "ends": "it belongs under `schedule`",
    "id": "it belongs under `steps`",
    "when": "it belongs under `steps`",
    "at_most": "it belongs under `cadence`, as `- {at_most: 1, per: 14 days}`",
    "per": "it belongs under `cadence`, as `- {at_most: 1, per: 14 days}`",
    "exclude": "it belongs under `audience`",
    "where": "it belongs under `audience`",
    "stage": "it belongs under `audience`",
    "cron": "it belongs under `schedule`",
    "at": "it belongs under `schedule`",
    "timezone": "it belongs under `schedule`",
    "window": "it belongs under `schedule`",
    "late": "it belongs under `schedule`",
    "template": "it belongs under `steps`",
    "channels": "it belongs under `steps`",
    "holdout": "it belongs under `experiment`",
    "quiet_hours": "it belongs in outreach.yaml",
    "tasks": "it belongs in outreach.yaml",
}
