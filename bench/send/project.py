"""The campaign that is sent: about 6 KB a mail in two parts, eight links, personal."""

from pathlib import Path

BRAND = {"name": "Bench", "postal_address": "1 Bench Street, Berlin"}
SENDER = "Mei of Bench <mei@example.com>"
_COMPANY = f"""\
brand:
  name: {BRAND["name"]}
  postal_address: {BRAND["postal_address"]}
  timezone: Europe/Berlin
  country: DE
  locale: en
public_url: https://news.example.com
channels:
  email: {{from: "{SENDER}", connections: CONNECTIONS}}
  sms: {{from: "+12025550143"}}
topics:
  greetings: {{title: Greetings}}
quiet_hours: none
cadence:
  - {{at_most: 2, per: 7 days}}
"""
_CAMPAIGN = """\
title: Everyone
owner: mei@example.com
topic: greetings
status: active
audience: everyone
schedule: {manual: true}
steps:
  - id: greet
    channels: [CHANNEL]
    template: everyone
"""
SUBJECT = "{{ salutation }}, your weekend in {{ country }}\n"
TEXT = """\
{{ salutation }},

the week is done. Put a record on, the one you have not heard for a while, and let it play
to the end of the second side. {% if country == "DE" %}We deliver in Berlin on
Saturdays, too.{% else %}We deliver where you are, in two days.{% endif %}

Your shelf: https://www.example.com/shelf?c={{ key }}
New this week: https://www.example.com/new
Our staff's choice: https://www.example.com/choice

Mei and everyone at {{ brand.name }}
{{ brand.postal_address }}
Unsubscribe: {{ unsubscribe_url }}
"""
_PARAGRAPH = """\
<p style="margin:0 0 12px 0;font-family:Arial,sans-serif;font-size:15px;line-height:22px;color:#333">
Put a record on, the one you have not heard for a while, and let it play to the end of the
second side, {{ key }}. If it is one of ours, look at the label: the number beside the matrix says which
pressing it is, and the first ones are worth keeping dry. We buy them back in any state, and lend you
others meanwhile; write to us, or come by on a Saturday, when the kettle is on and the booth is free. <a href="https://www.example.com/NUMBER?c={{ key }}"
style="color:#0a58ca">Read on</a></p>
"""
_LINKS = 7  # with the one that unsubscribes there are eight
HTML = (
    '<html><body style="margin:0;background:#fff"><h1>{{ salutation }}</h1>\n'
    + "".join(_PARAGRAPH.replace("NUMBER", f"story-{number}") for number in range(_LINKS))
    + "<p>Mei and everyone at {{ brand.name }}, {{ brand.postal_address }}</p>\n"
    '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>\n'
)
_SMS = "{{ salutation }}, have a good weekend. Mei at Bench. Reply STOP to opt out\n"
CAMPAIGN = "everyone"


def write_project(folder: Path, channel: str = "email", connections: int = 4) -> Path:
    """The project's files in `folder`; `connections` to the mail server are each worker's."""
    files = {
        "outreach.yaml": _COMPANY.replace("CONNECTIONS", str(connections)),
        f"campaigns/{CAMPAIGN}.yaml": _CAMPAIGN.replace("CHANNEL", channel),
        f"templates/{CAMPAIGN}/subject.txt": SUBJECT,
        f"templates/{CAMPAIGN}/body.txt": TEXT,
        f"templates/{CAMPAIGN}/body.html": HTML,
        f"templates/{CAMPAIGN}/sms.txt": _SMS,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
