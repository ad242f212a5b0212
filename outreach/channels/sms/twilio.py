"""SMS through Twilio, many requests in flight."""

import asyncio
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from outreach.channels.adapter import Check, Listed, Message, Outcome, Sought, Source, Text
from outreach.channels.backoff import Backoff
from outreach.channels.loop import pulled, run
from outreach.channels.sms.answers import POLICY, UNKNOWN, UNREACHABLE, Meaning, classify
from outreach.channels.sms.api import (
    API,
    Account,
    AnswerLostError,
    Api,
    NotWrittenError,
    Said,
    TooLateError,
)
from outreach.channels.sms.inquiry import ask
from outreach.channels.wording import place_of, scrubbed
from outreach.errors import SetupError
from outreach.logger import Logger
from outreach.settings.company import ChannelSettings, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault

IN_FLIGHT = 32  # Twilio answers in some 100 ms: two workers reach 600 messages/s
ANSWER_SECONDS = 30.0
STAGE = "post"

log = Logger("outreach.channels.twilio")


class TwilioAdapter:
    """Sends texts with the account of OUTREACH_TWILIO_*.

    As many requests are in flight as the channel's `connections` say, 32 when they say
    nothing. With a public URL each message asks for status callbacks under its token.
    """

    name = "twilio"

    def __init__(
        self,
        channel: str,
        company: Company,
        environment: Environment,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        if channel != "sms":
            raise SetupError(f"twilio sends on `sms`, not on `{channel}`", "choose another adapter")
        self._account = _account(environment)
        self.place = urlsplit(self._account.base).netloc
        self._settings = company.channels.get(channel, ChannelSettings())
        written = "connections" in self._settings.model_fields_set
        self._places = self._settings.connections if written else IN_FLIGHT
        self._public_url = (environment.public_url or company.public_url or "").rstrip("/")
        self._seconds = answer_seconds
        self._backoff = Backoff()
        self._serving = threading.Lock()
        self._api: Api | None = None

    def serve(self, source: Source) -> None:
        """Pull and send until the source is empty or stopping, or Twilio can not be used.

        An unreachable or silent Twilio, one that wants fewer requests or refuses us ends it
        after a short wait, longer each time. One call at a time; a second waits for the first.
        """
        with self._serving:
            run(self._serve(source))

    async def _serve(self, source: Source) -> None:
        shift = _Shift(self, source)
        try:
            await shift.run(self._places)
        finally:
            await shift.finish()
        if shift.over_for:
            log.warning("twilio_stopped", reason=shift.over_for)
            await self._backoff.wait(source)

    async def post(self, message: Text) -> Outcome:
        """Send one message now; whatever happens is its outcome."""
        try:
            said = await self._open().send(message.begin_by, **self._parameters(message))
        except TooLateError:
            return Outcome.not_begun(message.id, "too late to begin")
        except NotWrittenError as error:
            return _outcome(message, UNREACHABLE, detail=str(error))
        except AnswerLostError as error:
            return _outcome(message, UNKNOWN, detail=str(error))
        except Exception as error:  # a fault of ours must not take other messages along
            log.error("twilio_failed", delivery=message.id, error=place_of(error))
            return _outcome(message, UNKNOWN, detail=type(error).__name__)
        if said.status < 300:
            self._backoff.reset()
        return _answered(message, said)

    def _parameters(self, message: Text) -> dict[str, str]:
        service = message.sender.startswith("MG") and len(message.sender) == 34
        parameters = {
            "to": message.to,
            "body": message.text,
            "messaging_service_sid" if service else "from_": message.sender,
        }
        if self._public_url:
            callback = f"{self._public_url}/webhooks/twilio/status/{message.token}"
            parameters["status_callback"] = callback
        return parameters

    def _open(self) -> Api:
        if self._api is None:
            self._api = Api(self._account, self._seconds, self._places)
        return self._api

    def ask(self, sought: Sequence[Sought]) -> list[Listed]:
        """What Twilio has of messages whose answer was never read."""
        return run(self._ask(sought))

    async def _ask(self, sought: Sequence[Sought]) -> list[Listed]:
        return await ask(self._open(), sought)

    def check(self) -> Sequence[Check]:
        """Read the account with our credentials; nothing is sent."""
        return [run(self._check()), self._check_sender()]

    async def _check(self) -> Check:
        try:
            said = await self._open().account()
        except (NotWrittenError, AnswerLostError) as error:
            return Check("sms", ok=False, detail=f"twilio: no answer: {error}")
        if said.status != 200:
            return Check("sms", ok=False, detail=f"twilio: {said.code or said.status} {said.words}")
        return Check("sms", said.words == "active", f"twilio: the account is {said.words}")

    def _check_sender(self) -> Check:
        sender = self._settings.messaging_service or self._settings.sender
        detail = sender or "no sender; set channels.sms.from or .messaging_service in outreach.yaml"
        return Check("sms sender", bool(sender), detail)

    def close(self) -> None:
        """Close every connection once a running `serve` has ended; a later one opens new ones."""
        with self._serving:
            run(self._leave())

    async def _leave(self) -> None:
        api, self._api = self._api, None
        if api:
            await api.close()


class _Shift:
    """One `serve`: as many messages in flight as there are places, refilled as they free."""

    def __init__(self, adapter: TwilioAdapter, source: Source) -> None:
        self._adapter, self._source = adapter, source
        self._in_flight: set[asyncio.Task[None]] = set()
        self.over_for = ""  # why nothing more is begun

    async def run(self, places: int) -> None:
        while not self.over_for and not self._source.stopping():
            free = places - len(self._in_flight)
            messages = await pulled(self._source, free)
            if not messages:
                return
            self._in_flight |= {asyncio.create_task(self._one(message)) for message in messages}
            if len(self._in_flight) >= places:
                await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
            ended = {task for task in self._in_flight if task.done()}
            self._in_flight -= ended
            for task in ended:
                task.result()  # an error of the source's is not swallowed

    async def finish(self) -> None:
        """Wait for every answer that is still to come."""
        ended = await asyncio.gather(*self._in_flight, return_exceptions=True)
        for error in filter(None, ended):
            raise error

    async def _one(self, message: Message) -> None:
        outcome = await self._outcome(message)
        # An outage must not turn a whole run into `unknown`: it costs what is in flight.
        doubtful = outcome.answer is Answer.UNKNOWN
        if outcome.begun and (doubtful or outcome.fault in (Fault.CHANNEL, Fault.TEMPORARY)):
            self.over_for = f"{outcome.answer} {outcome.code}".strip()
        self._source.report(outcome)

    async def _outcome(self, message: Message) -> Outcome:
        if not isinstance(message, Text):
            return Outcome(message.id, *POLICY, stage=STAGE, detail="twilio carries texts only")
        if self.over_for or self._source.stopping() or time.monotonic() >= message.begin_by:
            return Outcome.not_begun(message.id, self.over_for or "stopped, or too late to begin")
        return await self._adapter.post(message)


def _answered(message: Text, said: Said) -> Outcome:
    meaning = classify(said.status, said.code)
    code = "" if meaning[0] is Answer.ACCEPTED else str(said.code or said.status)
    return _outcome(message, meaning, code, said.words, said.sid)


def _outcome(
    message: Text, meaning: Meaning, code: str = "", detail: str = "", provider_id: str = ""
) -> Outcome:
    answer, fault = meaning
    words = scrubbed(detail, message.to)
    return Outcome(message.id, answer, fault, STAGE, code, words, provider_id)


def _account(environment: Environment) -> Account:
    sid, key = environment.twilio_account_sid, environment.twilio_api_key
    secret = environment.twilio_api_secret if key else environment.twilio_auth_token
    if not sid or secret is None:
        missing = "ACCOUNT_SID" if not sid else "API_SECRET" if key else "AUTH_TOKEN"
        raise SetupError(
            f"no adapter for channel `sms`; OUTREACH_TWILIO_{missing} is unset",
            "set it, or use `capture`",
        )
    return Account(sid, key or sid, secret.get_secret_value(), environment.twilio_api_base or API)
