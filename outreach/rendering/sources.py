"""The files a step's template may use: its own folder and `_base`, from a mapping, never a disk."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from outreach.errors import Problem
from outreach.rendering.locales import chain, is_locale

BASE = "_base"


@dataclass(frozen=True, slots=True)
class Name:
    """A file's name taken apart: `body.zh-Hans.html` is body, zh-Hans, html."""

    stem: str
    locale: str  # "" for the file without one
    extension: str


def used_by(template: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The files a step's template may use, by path: its own and those of `_base`."""
    folders = (f"templates/{template}/", f"templates/{BASE}/")
    return ((path, files[path]) for path in sorted(files) if path.startswith(folders))


def split_name(file_name: str) -> Name:
    """Take a file's name apart; what is no known locale belongs to the stem."""
    stem, _, extension = file_name.rpartition(".")
    before, dot, locale = stem.rpartition(".")
    if dot and is_locale(locale):
        return Name(before, locale, extension)
    return Name(stem, "", extension)


class Sources:
    """Finds a template's files by name and language; `files` maps `templates/…` to bytes.

    With a `variant` of an experiment the files of its folder stand in the places of their
    namesakes in the template's own. `others` are the folders of the other variants.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        template: str,
        brand_locale: str,
        variant: str = "",
        others: Iterable[str] = (),
    ) -> None:
        self.folder = f"templates/{template}"
        self.brand_locale = brand_locale
        self.variant = f"{self.folder}/{variant}" if variant else ""
        elsewhere = tuple(f"{self.folder}/{each}/" for each in others)
        self.files = {k: v for k, v in files.items() if not k.startswith(elsewhere)}
        self._variants: dict[tuple[str, str, str], dict[str, str]] = {}
        for path in sorted(self.files, key=self._is_of_variant):  # after those that it replaces
            folder, _, file_name = path.rpartition("/")
            if self._is_of_variant(path):
                folder = self.folder + folder.removeprefix(self.variant)
            name = split_name(file_name)
            variants = self._variants.setdefault((folder, name.stem, name.extension), {})
            variants[name.locale.replace("_", "-").lower()] = path

    def _is_of_variant(self, path: str) -> bool:
        return bool(self.variant) and path.startswith(f"{self.variant}/")

    def is_own(self, path: str) -> bool:
        """Whether a file stands right in the template's folder, or in the variant's."""
        return path.rpartition("/")[0] in (self.folder, self.variant)

    def locales(self, stem: str, extension: str) -> dict[str, str]:
        """The step's own files of a name, by locale as it is spelled."""
        paths = self._variants.get((self.folder, stem, extension), {}).values()
        return {split_name(path.rpartition("/")[2]).locale: path for path in paths}

    def translated(self) -> list[str]:
        """The languages that there are catalogs for, in the template's folder or in `_base`."""
        folders = (self.folder, f"templates/{BASE}")
        keys = [(folder, "messages", "po") for folder in folders]
        paths = [path for key in keys for path in self._variants.get(key, {}).values()]
        return sorted({split_name(path.rpartition("/")[2]).locale for path in paths} - {""})

    def resolve(self, name: str, locale: str) -> str | None:
        """The path of what a template of this locale calls `name`; None when there is none.

        The template's own folder comes before `_base`; within each the locale, its parents, the
        brand's locale, then the file without one.
        """
        if name in self.files and self._inside(name):
            return name
        folders = [self.folder, f"templates/{BASE}"]
        if name.startswith(f"{BASE}/"):
            folders, name = [f"templates/{BASE}"], name.removeprefix(f"{BASE}/")
        sub, _, file_name = name.rpartition("/")
        wanted = split_name(file_name)
        wishes = (*chain(wanted.locale or locale), *chain(self.brand_locale), "")
        for folder in folders:
            place = f"{folder}/{sub}" if sub else folder
            variants = self._variants.get((place, wanted.stem, wanted.extension), {})
            found = next(
                (variants[wish.lower()] for wish in wishes if wish.lower() in variants), None
            )
            if found is not None:
                return found
        return None

    def _inside(self, path: str) -> bool:
        return path.startswith((f"{self.folder}/", f"templates/{BASE}/"))

    def names(self) -> Iterable[str]:
        """What a template may include or extend, as it would write it."""
        for path in self.files:
            if self._inside(path):
                own = self.variant if self._is_of_variant(path) else self.folder
                yield path.removeprefix(f"{own}/").removeprefix(f"templates/{BASE}/")

    def text(self, path: str) -> str:
        """A file's text with `\\n` line ends; ValueError says what is wrong with it."""
        try:
            text = self.files[path].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"is not UTF-8: byte {error.start + 1} can not be read") from None
        if "\x00" in text:
            raise ValueError("holds a NUL character")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def odd_files(self) -> list[Problem]:
        """Files of the step's folder whose name looks like a language variant of an unknown language."""
        problems = []
        for folder, stem, _ in self._variants:
            known, dot, locale = stem.partition(".")
            if folder == self.folder and dot and known in ("subject", "body", "sms", "task"):
                path = next(iter(self._variants[folder, stem, _].values()))
                problems.append(
                    Problem(
                        path, 0, 0, "unknown-locale", f"`{locale}` is no known language",
                        "name language variants like `body.zh-Hans.html`",
                    )
                )  # fmt: skip
        return problems
