"""The adapter alone: texts that are rendered already, through Twilio's client: `… URL COUNT [--profile]`."""

import cProfile
import json
import sys
import time
from pathlib import Path

from pydantic import SecretStr

from bench.ground.parts import table
from bench.send.rendered import Rendered
from bench.sms.server import ACCOUNT, TOKEN
from outreach.channels.adapter import Text
from outreach.channels.loop import run
from outreach.channels.sms.twilio import TwilioAdapter
from outreach.settings.company import Brand, Company
from outreach.settings.environment import Environment

WORDS = "Dear customer, have a good weekend. Mei at Bench. Reply STOP to opt out"
WARM = 200  # texts before the others: what is done once is not counted


def _text(number: int) -> Text:
    return Text(number, f"+1202555{number:07d}", "+12025550143", WORDS, f"token{number}")


def main(base: str, texts: str, *options: str) -> None:
    """Send them; prints messages a second and the CPU of each."""
    environment = Environment(
        project=Path.cwd(),
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_api_base=base,
        public_url="https://news.example.com",
    )
    adapter = TwilioAdapter("sms", Company(brand=Brand(name="Bench")), environment)
    adapter.serve(Rendered([_text(number) for number in range(WARM)]))
    source = Rendered([_text(number) for number in range(WARM, WARM + int(texts))])
    profile = cProfile.Profile() if "--profile" in options else None
    if profile:
        run(_switched(profile, on=True))
    begun, used = time.monotonic(), time.process_time()
    adapter.serve(source)
    seconds, used = time.monotonic() - begun, time.process_time() - used
    if profile:
        run(_switched(profile, on=False))
        print(table(profile, int(texts)), file=sys.stderr)
    adapter.close()
    if source.accepted != int(texts):
        sys.exit(f"{source.accepted} of {texts} were taken")
    found = {"rate": int(texts) / seconds, "cpu_us": used / int(texts) * 1e6}
    print(json.dumps({"texts": int(texts) + WARM, **found}))


async def _switched(profile: cProfile.Profile, *, on: bool) -> None:
    """A profile is of the thread that switches it on: here the loop's, which does the work."""
    if on:
        profile.enable()
    else:
        profile.disable()


if __name__ == "__main__":
    main(*sys.argv[1:])
