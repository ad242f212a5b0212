"""Puts the sample project into wheels: what `outreach init` copies. A checkout is one already."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SAMPLE = {
    "outreach.yaml": "outreach/sample/outreach.yaml",
    "campaigns": "outreach/sample/campaigns",
    "templates": "outreach/sample/templates",
    "tests/campaigns": "outreach/sample/tests",
}


class SampleProject(BuildHookInterface[Any]):
    """Adds the sample to a wheel, and nothing to an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds; `version` is standard or editable."""
        if version == "standard":
            build_data["force_include"].update(SAMPLE)
