"""The project that the benches run: one campaign for everyone, two caps, two channels."""

from pathlib import Path

FILES = {
    "outreach.yaml": """\
brand:
  name: Bench
  postal_address: 1 Bench Street, Berlin
  timezone: Europe/Berlin
  country: DE
  locale: en
channels:
  email: {from: bench@example.com}
  sms: {from: "+12025550143"}
topics:
  greetings: {title: Greetings}
cadence:
  - {at_most: 2, per: 7 days}
  - {at_most: 1, per: 7 days, channel: sms}
""",
    "campaigns/everyone.yaml": """\
title: Everyone
owner: bench@example.com
topic: greetings
status: active
audience: everyone
schedule: {cron: "0 17 * * FRI", timezone: customer}
steps:
  - id: greet
    channels: [sms, email]
    template: everyone
""",
    "templates/everyone/subject.txt": "Have a good weekend\n",
    "templates/everyone/body.txt": (
        "{{ salutation }}, have a good weekend.\n{{ brand.postal_address }}\n{{ unsubscribe_url }}\n"
    ),
    "templates/everyone/sms.txt": "{{ salutation }}, have a good weekend. STOP to opt out\n",
}
CAMPAIGN = "everyone"


def write_project(folder: Path) -> Path:
    """The project's files in `folder`."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
