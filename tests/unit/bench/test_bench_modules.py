"""Every measurement can be begun: the type checker looks at the product alone."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Peers' own parts: begun by `bench peers` with the peers installed and their settings given.
THEIRS = {"celery_kept", "django_enqueue", "django_settings", "dramatiq_kept", "mail"}
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "bench").rglob("*.py"))
    if not (path.parent.name == "peers" and path.stem in THEIRS)
]


@pytest.mark.parametrize("module", MODULES)
def test_a_bench_imports_what_there_is(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))

    assert importlib.import_module(module).__doc__
