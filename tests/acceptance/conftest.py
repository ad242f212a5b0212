"""A sample project for tests of the command line."""

from pathlib import Path

import pytest
from commands import sample_project
from mailed import mailed


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sample project, without a database."""
    return sample_project(tmp_path / "project")


@pytest.fixture(scope="session")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that sent two mails and a text with public links; only to be looked at."""
    return mailed(tmp_path_factory.mktemp("sent"))
