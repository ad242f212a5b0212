"""Values as they are said in a language: weekdays, spans, lists, shares."""

from collections.abc import Iterable
from datetime import timedelta

from babel.dates import get_day_names

from outreach.campaign.described import chinese, english
from outreach.spans import Per, PerKind

LANGUAGES = {"en": english.WORDS, "zh": chinese.WORDS}


class Speaker:
    """Says things in one of LANGUAGES."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words = LANGUAGES[language]

    def say(self, key: str, *values: object, **named: object) -> str:
        """The words for a key, with its values."""
        return self.words[key].format(*values, **named)

    def quoted(self, text: str) -> str:
        """An expression, or another text of the file's own."""
        return self.say("quote", " ".join(text.split()))

    def any_of(self, names: Iterable[str]) -> str:
        """Names of which one is enough."""
        return self.words["or"].join(names)

    def weekdays(self, days: Iterable[int]) -> str:
        """Days of the week, Monday 0."""
        names = get_day_names("wide", locale=self.language)
        return self.any_of(names[day] for day in sorted(days))

    def span(self, span: timedelta) -> str:
        """How long."""
        minutes = round(span.total_seconds() / 60)
        for unit, key in ((1440, "days"), (60, "hours")):
            if minutes % unit == 0:
                return self._counted(key, minutes // unit)
        return self._counted("minutes", minutes)

    def _counted(self, key: str, number: int) -> str:
        return self.say(f"{key}_{1 if number == 1 else 'n'}", number)

    def per(self, per: Per) -> str:
        """The window of a limit."""
        if per.kind is PerKind.DAYS:
            return self._counted("days", per.length)
        if per.kind is PerKind.SECONDS:
            return self.span(timedelta(seconds=per.length))
        return self.words[per.kind.value]


def share(of_whole: int) -> str:
    """A share, of 10,000."""
    return f"{of_whole / 100:g} %"
