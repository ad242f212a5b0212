"""How a conversation with an SMTP server ends, and how long it may take."""

from dataclasses import dataclass

from outreach.channels.adapter import Email, Outcome
from outreach.channels.email.answers import Meaning, Stage, classify, queue_id, status_of
from outreach.channels.email.replies import Reply
from outreach.channels.wording import scrubbed
from outreach.vocabulary import Answer


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for each answer: RFC 5321 4.5.3.2, which leaves connecting to the client."""

    connect: float = 30
    greeting: float = 300
    command: float = 300
    data: float = 120
    dot: float = 600
    leave: float = 2  # QUIT is a courtesy


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended, whichever message it was about."""

    meaning: Meaning
    stage: Stage
    code: str = ""
    detail: str = ""
    provider_id: str = ""

    def of(self, message: Email) -> Outcome:
        """This ending as the outcome of a message."""
        answer, fault = self.meaning
        words = scrubbed(self.detail, message.to)
        return Outcome(message.id, answer, fault, self.stage, self.code, words, self.provider_id)


def answered(stage: Stage, reply: Reply) -> Ending:
    """What an answer says, by the stage at which it came."""
    meaning = classify(stage, reply.code, reply.text)
    if meaning[0] is Answer.ACCEPTED:
        return Ending(meaning, stage, str(reply.code), reply.text, queue_id(reply.text))
    code = f"{reply.code} {status_of(reply.text)}".strip()
    return Ending(meaning, stage, code, reply.text)


def words_of(error: BaseException) -> str:
    """What an error says, or its name."""
    return str(error) or type(error).__name__
