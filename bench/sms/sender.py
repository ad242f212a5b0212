"""The adapter alone: texts that are rendered already, through Twilio's client: `… URL COUNT [--profile]`."""

import cProfile
import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from bench.ground.parts import table
from bench.sms.server import ACCOUNT, TOKEN
from outreach.channels.adapter import Message, Outcome, Text
from outreach.channels.loop import run
from outreach.channels.sms.twilio import TwilioAdapter
from outreach.settings.company import Brand, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer

WORDS = "Dear customer, have a good weekend. Mei at Bench. Reply STOP to opt out"
WARM = 200  # texts before the others: what is done once is not counted


class _Rendered:
    """A source of texts to these."""

    def __init__(self, numbers: range) -> None:
        self._lock = threading.Lock()
        self._left: list[Message] = [_text(number) for number in numbers]
        self.accepted = 0

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:  # noqa: ARG002
        with self._lock:
            given, self._left = self._left[-most:], self._left[:-most]
            return given

    def report(self, outcome: Outcome) -> None:
        self.accepted += outcome.answer is Answer.ACCEPTED

    def stopping(self) -> bool:
        return False


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
    adapter.serve(_Rendered(range(WARM)))
    source = _Rendered(range(WARM, WARM + int(texts)))
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
