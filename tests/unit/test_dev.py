"""dev.py: what it does besides setting up."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def dev() -> ModuleType:
    """dev.py as called in the present folder."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the program")
@pytest.mark.parametrize(("command", "here"), [("run", True), ("check", False)])
def test_only_run_is_about_the_folder_one_is_in(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: str,
    here: bool,
) -> None:
    (tmp_path / "outreach").write_text("#!/bin/sh\npwd -P\n")
    (tmp_path / "outreach").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    module = dev()
    monkeypatch.setattr(module, "BIN", tmp_path)
    monkeypatch.setattr(module, "set_up", lambda with_tools: None)

    assert module.main([command, "init", "my-project"]) == 0

    assert capfd.readouterr().out == f"{tmp_path.resolve() if here else ROOT}\n"
