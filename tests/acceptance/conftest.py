"""A sample project for tests of the command line."""

from pathlib import Path

import pytest
from commands import sample_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the sample project, without a database."""
    return sample_project(tmp_path / "project")
