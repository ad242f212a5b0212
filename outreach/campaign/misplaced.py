"""Keys that people write where they are none, and where or how to write what they mean."""

from collections.abc import Mapping

_TEXT = "the text stands in the template's files, in templates/NAME/"
_ASKED = {  # what is no key of an audience, and how an expression asks for it
    "orders": "orders >= 2",
    "spend": "spend > 100",
    "city": "city == 'Paris'",
    "gender": "gender == 'f'",
    "birthday": "days_until('birthday') <= 7",
    "interests": "'tea' in interests",
    "last_order_at": "last_order_at > now - days(90)",
    "last_contact_at": "last_contact_at < now - days(60)",
    "opted_out": "not opted_out",
    "email": "email is defined",
    "phone": "phone is defined",
}
_KEYS = "key in ['C00007', 'C00042']"
_IN_WHERE = "it is asked in an expression, as in `where: {}`"
_BY_KEY = f"{_IN_WHERE.format(_KEYS)}; to write to a few once: `outreach send NAME --to C00007`"
_CONSENT = "it is asked by itself for every message, by the campaign's `topic`: take it out"
IN_AUDIENCE: Mapping[str, str] = {
    **dict.fromkeys(("consent", "consents", "suppressed", "opted_in"), _CONSENT),
    **{name: _IN_WHERE.format(asked) for name, asked in _ASKED.items()},
    **dict.fromkeys(("key", "keys", "customer", "customers", "id", "ids"), _BY_KEY),
    "topic": "it belongs at the top of the file, beside `audience`",
}
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
