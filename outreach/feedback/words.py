"""What customers read on the public pages and in answers to their texts, by language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources

import yaml

from outreach.rendering.locales import chain
from outreach.settings.company import Company

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words for one company."""

    language: str  # BCP 47
    by_name: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.by_name[name]

    def version(self, *more: str) -> str:
        """A name for the text that a person said yes to, with what else stood there."""
        said = "\n".join((*self.by_name.values(), *more))
        return f"text {self.language} {sha256(said.encode()).hexdigest()[:12]}"


def languages() -> tuple[str, ...]:
    """Every language there are words in."""
    return tuple(sorted(_files()))


def words_for(wishes: Iterable[str | None], company: Company) -> Words:
    """The words in the first language wished for that there is, else the brand's, else English."""
    spelled = {name.lower(): name for name in _files()}
    for wish in (*wishes, company.brand.locale):
        for name in chain(wish or ""):
            if name.lower() in spelled:
                return _filled(spelled[name.lower()], company)
    return _filled(FALLBACK, company)


def _filled(language: str, company: Company) -> Words:
    brand = company.brand
    contact = brand.phone or brand.website or brand.postal_address or brand.name
    values = {"brand": brand.name, "contact": contact}
    return Words(language, {n: text.format(**values) for n, text in _files()[language].items()})


@cache
def _files() -> dict[str, dict[str, str]]:
    folder = resources.files("outreach.feedback") / "catalogue"
    return {
        path.name.removesuffix(".yaml"): yaml.safe_load(path.read_text("utf-8"))
        for path in folder.iterdir()
        if path.name.endswith(".yaml")
    }
