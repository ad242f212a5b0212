"""Everything that is wrong with the templates of a campaign, before anyone is written to."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Required, TypedDict

from jinja2.exceptions import TemplateError

from outreach.campaign.attachment_file import MEDIA_TYPES
from outreach.campaign.model import Attachment, Campaign, Step
from outreach.errors import Problem
from outreach.rendering.assets import Asset
from outreach.rendering.compared import Compared
from outreach.rendering.context import list_names, needable_names, shown_by
from outreach.rendering.dear_texts import dear
from outreach.rendering.links import tracking_of
from outreach.rendering.misnamed import misnamed
from outreach.rendering.parts import Renderer
from outreach.rendering.positions import Line
from outreach.rendering.read import Reader, Source, Variant
from outreach.rendering.sandbox import print_ics
from outreach.rendering.sources import Sources, used_by
from outreach.rendering.styles import StyleError
from outreach.rendering.syntax import FLATTER
from outreach.rendering.untranslated import untranslated
from outreach.rendering.weight import heavy, too_heavy, without_words
from outreach.settings.company import ChannelSettings, Company

HOSTED = "hosted"
KEPT = 256  # steps whose templates stay compiled in a process


@dataclass(frozen=True, slots=True)
class Ready:
    """One language variant, compiled; `source` says what it prints."""

    source: Variant
    subject: Renderer | None
    html: Renderer | None
    text: Renderer | None
    attached: tuple[tuple[Asset, Renderer | None], ...] = ()

    def parts(self) -> Iterator[Renderer]:
        """Those that are there."""
        filled = (renderer for _, renderer in self.attached)
        parts = (self.subject, self.html, self.text, *filled)
        return (each for each in parts if each is not None)

    @property
    def pictures(self) -> tuple[Asset, ...]:
        """The pictures of its page, each once."""
        html = self.source.html
        found = {} if html is None else {each.id: each for each in html.pictures.values()}
        return tuple(found.values())

    @property
    def names(self) -> frozenset[str]:
        """All that its parts may look up."""
        return frozenset[str]().union(*(part.names for part in self.parts()))

    @property
    def addresses(self) -> frozenset[str]:
        """Texts among which are the addresses of its links."""
        return frozenset[str]().union(*(part.addresses for part in self.parts()))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step's templates by channel and locale, or why they can not be used."""

    channels: Mapping[str, Mapping[str, Ready]]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    compared: frozenset[Compared] = frozenset()  # texts that are asked for


def check_templates(
    files: Mapping[str, bytes], campaign: Campaign, company: Company, names: Collection[str]
) -> list[Problem]:
    """All problems of the templates a campaign uses, by file, line and column; warnings too.

    `files` maps paths from `templates/` on to bytes; `names` are those a template may use.
    """
    ready = _prepared_all(files, campaign, company, names)
    return sorted({p for each in ready for p in (*each.problems, *each.warnings)})


def compared_in(
    files: Mapping[str, bytes], campaign: Campaign, company: Company, names: Collection[str]
) -> set[Compared]:
    """The texts that a campaign's templates compare a customer's data with."""
    ready = _prepared_all(files, campaign, company, names)
    return {asked for each in ready for asked in each.compared}


def _prepared_all(
    files: Mapping[str, bytes], campaign: Campaign, company: Company, names: Collection[str]
) -> list[Prepared]:
    """Every step, in every variant."""
    return [
        prepare(files, step, campaign, company, names, variant)
        for step in campaign.steps
        for variant in variants_of(campaign)
    ]


def variants_of(campaign: Campaign) -> list[str]:
    """The names of what a campaign compares, in order; "" alone where it compares nothing."""
    return [each.name for each in campaign.variants] or [""]


def prepare(
    files: Mapping[str, bytes],
    step: Step,
    campaign: Campaign,
    company: Company,
    names: Collection[str],
    variant: str = "",
) -> Prepared:
    """Read, judge and compile what a step sends; the same files and rules are compiled once.

    `variant` is one of the campaign's; "" where it compares none.
    """
    return _prepared(
        tuple(used_by(step.template, files)),
        step.template,
        frozenset(step.channels),
        company.brand.locale,
        frozenset(names),
        needable_names(company),
        list_names(company),
        frozenset(shown_by(company).items()),
        bool(company.public_url) and not is_transactional(campaign, company),
        campaign.attachments,
        images_of(campaign, company) == HOSTED,
        frozenset(
            each for each in step.channels if tracking_of(campaign, company, each).touches_links
        ),
        variant,
        frozenset(each.name for each in campaign.variants if each.name != variant),
    )


# A scheduler compiles to check, to make runs and to plan them, a worker to send them: each of
# them the same bytes. What is kept is only read, on any thread.
@lru_cache(maxsize=KEPT)
def _prepared(
    files: tuple[tuple[str, bytes], ...],
    template: str,
    channels: frozenset[str],
    brand_locale: str,
    names: frozenset[str],
    needable: frozenset[str],
    lists: frozenset[str],
    kinds: frozenset[tuple[str, str]],
    owes_duties: bool,
    attachments: tuple[Attachment, ...],
    hosted: bool,
    linked: frozenset[str],
    variant: str,
    other_variants: frozenset[str],
) -> Prepared:
    sources = Sources(dict(files), template, brand_locale, variant, other_variants)
    reader = Reader(sources, names, needable, lists, dict(kinds), attachments)
    reader.problems.update(sources.odd_files())
    variants = {}
    if "email" in channels:
        variants["email"] = reader.email()
    if "sms" in channels:
        variants["sms"] = reader.sms()
    if "task" in channels:
        variants["task"] = reader.task()
    if owes_duties:
        for mail in variants.get("email", {}).values():
            reader.problems.update(_missing_duties(mail))
    for sms in variants.get("sms", {}).values():
        if sms.text is not None:
            reader.warnings.update(dear(sms.text.path, sources.text(sms.text.path)))
    for path, text in reader.pages.items():
        reader.warnings.update(without_words(path, text))
    for mail in variants.get("email", {}).values():
        reader.problems.update(too_heavy(mail))
    ready = {
        channel: {
            locale: _compile(variant, reader, channel in linked, hosted)
            for locale, variant in by_locale.items()
        }
        for channel, by_locale in variants.items()
    }
    reader.warnings.update(w for each in variants.get("email", {}).values() for w in heavy(each))
    warnings = (
        *sorted(reader.warnings),
        *misnamed(sources),
        *untranslated(sources, channels),
    )
    problems = tuple(sorted(reader.problems))
    return Prepared(ready, problems, warnings, frozenset(reader.compared))


def images_of(campaign: Campaign, company: Company) -> str:
    """Where pictures of mails are: the campaign's own word goes before the channel's."""
    return campaign.images or company.channels.get("email", ChannelSettings()).images


def is_transactional(campaign: Campaign, company: Company) -> bool:
    """Whether customers get this because of what they ordered or must know."""
    topic = company.topics.get(campaign.topic)
    return topic is not None and topic.transactional


def _missing_duties(variant: Variant) -> list[Problem]:
    """What marketing mail owes its reader and a part lacks: a way out, and an address."""
    problems = []
    for source in (variant.html, variant.text):
        if source is None:
            continue
        for path, what in (
            ("unsubscribe_url", "opt-out link"),
            ("brand.postal_address", "postal address"),
        ):
            if path not in source.printed.paths:
                hint = f"print `{{{{ {path} }}}}`, best in a layout under templates/_base"
                problems.append(Problem(source.path, 1, 1, "duty", f"the mail has no {what}", hint))
    return problems


def _compile(variant: Variant, reader: Reader, linked: bool, hosted: bool) -> Ready:
    page: _How = {"html": True, "text_too": variant.text is None, "linked": linked}
    return Ready(
        variant,
        _renderer(variant.subject, reader, {"html": False}),
        _renderer(variant.html, reader, page | {"hosted": hosted}),
        _renderer(variant.text, reader, {"html": False, "linked": linked}),
        tuple(
            (asset, _renderer(source, reader, {"html": False, "printing": _printing(asset)}))
            for asset, source in variant.attached
        ),
    )


def _printing(asset: Asset) -> Callable[[object], str] | None:
    return None if asset.media_type == MEDIA_TYPES["txt"] else print_ics


class _How(TypedDict, total=False):
    """How a part is rendered: as Renderer takes it."""

    html: Required[bool]
    text_too: bool
    linked: bool
    hosted: bool
    printing: Callable[[object], str] | None


def _renderer(source: Source | None, reader: Reader, how: _How) -> Renderer | None:
    if source is None:
        return None
    try:
        return Renderer(source.part, pictures=source.pictures, **how)
    except StyleError as error:
        path = error.path or source.path
        reader.problems.add(Problem(path, *_place(error.node.lineno), "style", error.reason))
    except TemplateError as error:  # what only the compiler sees: a block named twice …
        place = _place(getattr(error, "lineno", 1) or 1)
        path = getattr(error, "name", None) or source.path
        said = error.message or "is wrong"
        reader.problems.add(Problem(path, *place, "template-syntax", said, "mend the tag there"))
    except (RecursionError, SyntaxError, MemoryError):  # Python's own compiler has limits too
        message = "is too deeply nested"
        reader.problems.add(Problem(source.path, 1, 1, "template-syntax", message, FLATTER))
    return None


def _place(line: int) -> tuple[int, int]:
    """Line and column, as far as the line knows one."""
    return int(line), line.column if isinstance(line, Line) else 1
