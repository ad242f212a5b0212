"""One database that worked examples share: customers are taken in once, and all goes once one wrote."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from commands import environment
from sqlalchemy import Engine, delete, text

from outreach.app.context import Context, Opened
from outreach.app.customers import import_customer_file
from outreach.app.events import import_event_file
from outreach.campaign.project import read_project
from outreach.imports import Options
from outreach.settings.environment import Environment
from outreach.store.dialect import is_postgres
from outreach.store.engine import make_engine, writing
from outreach.store.tables import metadata

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
_TAKEN_IN = ("attributes", "brand", "lifecycle", "lifecycles", "topics", "channels")  # imports ask
_BEGIN_ANEW = text(
    "SELECT setval(oid::regclass, 1, false) FROM pg_class "
    "WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
)
FOLDERS = ("campaigns", "lifecycles", "templates")


@dataclass
class Desk:
    """A database, and the folder of the project that is looked at; `known` says who is in it."""

    url: str
    folder: Path
    engine: Engine
    opened: Opened
    known: str = ""

    @classmethod
    def at(cls, url: str, folder: Path) -> "Desk":
        """On an empty database."""
        engine = make_engine(url)
        return cls(url, folder, engine, Opened(_environment(folder, url), engine))

    def context(self, now: str) -> Context:
        """The project as its files stand, at an instant."""
        made = _environment(self.folder, self.url)
        return Context(made, read_project(self.folder), datetime.fromisoformat(now), self.opened)

    def write(self, files: Mapping[str, object]) -> None:
        """The files of another project; what is no text or bytes is written as JSON, so as YAML."""
        for name in FOLDERS:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name, content in files.items():
            self.put(name, content)

    def put(self, name: str, content: object) -> Path:
        """One file more."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str | bytes):
            content = json.dumps(content, ensure_ascii=False)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def people(self, given: Mapping[str, Any]) -> list[str]:
        """Customers and events of an example; those that are there already are not taken in anew.

        The rows that are refused.
        """
        company = given["company"]
        asked = {key: company.get(key) for key in _TAKEN_IN}
        known = json.dumps([asked, given["customers"], given["events"], given["at"]], default=str)
        known += str(given.get("lifecycle"))
        if known == self.known:
            return []
        self.empty()
        refused = self.take_in("customers", given["customers"], given["at"])
        refused += self.take_in("events", given["events"], given["at"])
        self.known = "" if refused else known
        return refused

    def take_in(self, kind: str, rows: Any, now: str) -> list[str]:
        """Import customers or events; the rows that are refused."""
        if not rows:
            return []
        path = self.put(f"{kind}.jsonl", "".join(json.dumps(each) + "\n" for each in rows))
        take = import_customer_file if kind == "customers" else import_event_file
        found = take(self.context(now), path, Options(consent_source="form"))
        return [f"refused: {each.message}" for each in found.rejects]

    def empty(self) -> None:
        """Nobody and nothing is known any more; numbers begin anew."""
        self.known = ""
        with writing(self.engine) as conn:
            for table in reversed(metadata.sorted_tables):
                conn.execute(delete(table))
            if is_postgres(conn):
                conn.execute(_BEGIN_ANEW)
        self.opened = Opened(_environment(self.folder, self.url), self.engine)

    def close(self) -> None:
        """Give the database back."""
        self.engine.dispose()


def _environment(folder: Path, url: str) -> Environment:
    variables = environment(database_url=url, secret_key=KEY)
    with patch.dict(os.environ, variables, clear=True):
        return Environment.load(folder)
