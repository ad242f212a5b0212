"""The sample's campaigns on the demo's made-up base: one plan on both databases, explained alike."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from commands import sample_project

from outreach.app.context import open_context
from outreach.app.explaining import explain_customer
from outreach.app.planning import plan_campaign
from outreach.app.stages import refresh_stages
from outreach.demo.files import DemoFiles, make_files
from outreach.imports import import_consents, import_customers, import_events
from outreach.reports.rows import read_rows

CAMPAIGNS = (
    "weekly-greeting", "win-back", "service-notice", "renewal-reminder", "quarterly-letter",
)  # fmt: skip
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """The demo's made-up customers, purchases and consents."""
    return make_files(tmp_path_factory.mktemp("files"), real=False)


@pytest.fixture(scope="module")
def planned(
    files: DemoFiles, _shared: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Imports the base into a database and gives every campaign's plan with its rows; once each."""
    known: dict[str, dict[str, Any]] = {}

    def plans(database: str) -> dict[str, Any]:
        if database not in known:
            folder = tmp_path_factory.mktemp("planned") / database
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("OUTREACH_DATABASE_URL", _shared(database))
                patch.setenv("OUTREACH_SECRET_KEY", KEY)
                known[database] = _plans(folder, files)
        return known[database]

    yield plans
    for each in known.values():
        each["context"].close()


def _plans(folder: Path, files: DemoFiles) -> dict[str, Any]:
    context = open_context(sample_project(folder, whole=True), files.now.isoformat())
    company = context.company()
    import_customers(context.engine, files.customers, company, files.now)
    import_events(context.engine, files.events, company, files.now)
    import_consents(context.engine, files.consents, company, files.now)
    refresh_stages(context)
    found: dict[str, Any] = {"context": context}
    for name in CAMPAIGNS:
        rows = folder / f"{name}.csv"
        found[name] = asdict(plan_campaign(context, name, rows_to=rows)), read_rows(rows)
    return found


def test_plans_are_the_same_on_both_databases(planned: Any) -> None:
    on_sqlite, on_postgres = planned("sqlite"), planned("postgres")

    for name in CAMPAIGNS:
        assert on_sqlite[name] == on_postgres[name]
        plan, rows = on_sqlite[name]
        assert len(rows) == plan["audience"] > 0
        assert plan["audience"] == plan["send"] + plan["hold"] + sum(plan["skip"].values())


def test_explain_agrees_with_the_plan_for_every_kind_of_customer(
    planned: Any, database: str
) -> None:
    found = planned(database)
    for name in CAMPAIGNS:
        _, rows = found[name]
        kinds = {(row["decision"], row["reason"], row["channel"]): row for row in rows}

        for row in kinds.values():
            said = explain_customer(found["context"], name, row["key"])
            assert (said.decision, said.reason or "") == (row["decision"], row["reason"])
            failed = [answer.rule for answer in said.rules if not answer.passed]
            assert row["reason"] in ("", *failed)
