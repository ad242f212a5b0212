"""Projects, schemas, migrations and the doctor; databases that can not be used."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here
from makers import make_customer, make_delivery, make_run

from outreach.app.context import open_context
from outreach.store.engine import writing
from outreach.store.revisions import save_revision

KEY = "rT4!mQ8zLw2#pX6vNc9@bH3kYs7&dF1g"


def test_a_new_project_has_no_problems(tmp_path: Path) -> None:
    made = outreach(tmp_path, "init", "shop", "--json")
    checked = outreach(tmp_path, "check", "--project", "shop", "--json")

    assert (made.code, made.err) == (0, "")
    assert made.json["folder"] == str(tmp_path / "shop")
    assert {"outreach.yaml", "campaigns/win-back.yaml"} <= set(made.json["files"])
    assert "tests/win-back.yaml" in made.json["files"]
    assert (tmp_path / "shop/.gitignore").read_text() == ".outreach/\n.env\n"
    assert (checked.code, checked.json) == (0, [])


def test_a_new_project_says_what_comes_next(tmp_path: Path) -> None:
    there = outreach_here(tmp_path, "init", "new shop")
    here = outreach(tmp_path / "new shop", "init", "--empty", "other")

    assert there.out.endswith(" Then:\n    cd 'new shop'\n    outreach check\n")
    assert here.out.endswith(" Then:\n    cd other\n    outreach check\n")


def test_where_nothing_ran_runs_says_so(project: Path) -> None:
    answer = outreach_here(project, "runs")
    of_one = outreach_here(project, "runs", "list", "friday-greeting")

    assert answer.out == "no run yet: `outreach run` makes them as they fall due\n"
    assert of_one.out.startswith("no run of friday-greeting yet: ")


def test_an_empty_project_has_one_draft_and_no_problems(tmp_path: Path) -> None:
    made = outreach_here(tmp_path, "init", "--empty", "shop", "--json")
    checked = outreach_here(tmp_path, "check", "--project", "shop")

    assert made.json["files"] == [
        "campaigns/hello.yaml", "outreach.yaml", "templates/hello/body.txt",
        "templates/hello/subject.txt",
    ]  # fmt: skip
    assert "status: draft" in (tmp_path / "shop/campaigns/hello.yaml").read_text()
    assert (checked.code, checked.out) == (0, "4 files, no problems\n")


def test_a_new_project_overwrites_nothing(project: Path) -> None:
    before = (project / "outreach.yaml").read_bytes()

    answer = outreach(project, "init")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        "outreach: `outreach.yaml` is there already; name a new folder: `outreach init FOLDER`\n"
    )
    assert (project / "outreach.yaml").read_bytes() == before


def test_a_file_is_no_place_for_a_project(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("")

    answer = outreach_here(tmp_path, "init", "notes/shop")

    assert (answer.code, answer.err) == (
        2,
        "outreach: `notes` is a file; name a new folder: `outreach init FOLDER`\n",
    )


def test_schemas_are_written_where_editors_look(project: Path) -> None:
    answer = outreach(project, "schema")

    paths = [
        project / f".outreach/{kind}.schema.json"
        for kind in ("campaign", "lifecycle", "outreach", "test")
    ]
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "".join(f"{path}\n" for path in paths)
    assert json.loads(paths[0].read_text())["title"] == "A campaign"


def test_the_embedded_database_is_made_once(project: Path) -> None:
    first = outreach(project, "migrate", "--json")
    second = outreach(project, "migrate")

    assert first.json["before"] == ""
    assert second.out == f"The database was up to date: {first.json['after']}\n"


def test_a_relative_database_lies_in_the_project(project: Path, tmp_path: Path) -> None:
    (project / ".env").write_text("OUTREACH_DATABASE_URL=sqlite:///own.db\n")

    answer = outreach(tmp_path, "migrate", "--project", "project")

    assert answer.code == 0
    assert (project / "own.db").exists()


def test_the_doctor_finds_a_new_project_well(project: Path) -> None:
    answer = outreach(project, "doctor", "--json", "--now", NOW)

    assert (answer.code, answer.err) == (0, "")
    assert [each["check"] for each in answer.json] == [
        "files",
        "database",
        "workers",
        "deliveries due",
        "deliveries held",
        "deliveries retry",
        "deliveries claimed",
        "deliveries handing",
        "deliveries unknown",
        "planned = sum of states",
        "sent until",
        "can be written",
        "broker",
        "email",
        "sms",
        "task",
    ]
    assert all(each["ok"] for each in answer.json)


def test_the_doctor_names_runs_that_are_held_and_counts_what_waits(project: Path) -> None:
    with closing(open_context(project, None)) as context, writing(context.engine) as conn:
        states = {"held": "the provider refuses us", "paused": None, "running": None}
        ids = [make_run(conn, state=s, reason=why, planned=1) for s, why in states.items()]
        for id_ in ids:
            make_delivery(conn, make_customer(conn, str(id_)), "due", run_id=id_)

    answer = outreach(project, "doctor", "--json", "--now", NOW)

    held, paused = (each for each in answer.json if each["check"].startswith("run "))
    assert (answer.code, held["ok"], paused["ok"]) == (1, False, True)
    assert held["detail"] == (
        "friday-greeting, held; open messages: 1; the provider refuses us; "
        f"let it go on: `outreach runs resume {ids[0]}`"
    )
    assert paused["detail"] == "friday-greeting, paused; open messages: 1"


def test_the_doctor_names_a_campaign_whose_file_is_wrong_and_what_goes_on_meanwhile(
    project: Path,
) -> None:
    file = project / "campaigns/weekly-greeting.yaml"
    with closing(open_context(project, NOW)) as context, writing(context.engine) as conn:
        save_revision(conn, "weekly-greeting", {file.name: file.read_bytes()}, context.now())
    file.write_text(file.read_text().replace("schedule:", "shedule:"))

    answer = outreach_here(project, "doctor", "--json", "--now", NOW)

    [named] = (each for each in answer.json if each["check"] == "campaign weekly-greeting")
    assert not named["ok"]
    assert named["detail"] == (
        "campaigns/weekly-greeting.yaml or a template of it is at fault; run `outreach check`; "
        "a scheduler that is running goes on with the files of 2026-07-03 17:00 America/New_York"
    )


def test_a_run_that_is_done_though_something_waits_is_named_and_can_be_resumed(
    project: Path,
) -> None:
    with closing(open_context(project, None)) as context, writing(context.engine) as conn:
        run = make_run(conn, state="done", planned=1)
        make_delivery(conn, make_customer(conn), "due", run_id=run)

    answer = outreach_here(project, "doctor", "--json", "--now", NOW)
    resumed = outreach_here(project, "runs", "resume", run, "--json")
    once_more = outreach_here(project, "runs", "resume", run)

    [named] = (each for each in answer.json if each["check"] == f"run {run}")
    assert not named["ok"]
    assert named["detail"] == (
        f"friday-greeting, done; open messages: 1; let it go on: `outreach runs resume {run}`"
    )
    assert resumed.json["state"] == "planning"
    assert once_more.code == 2


def test_the_doctor_names_what_is_away(project: Path) -> None:
    answer = outreach(
        project,
        "doctor",
        broker_url="redis://127.0.0.1:1/0",
        smtp_url="smtp://127.0.0.1:1",
        database_url="postgresql://u:hidden@127.0.0.1:1/x",
        secret_key=KEY,
    )

    lines = [line.split(maxsplit=2) for line in answer.out.splitlines()[2:]]
    wrong = [line[1] for line in lines if line[0] == "WRONG"]
    assert (answer.code, answer.err) == (1, "")
    assert wrong == ["database", "broker", "email"]
    assert "hidden" not in answer.out
    said = {line[1]: line[2] for line in lines}
    assert said["broker"] == (
        "redis at 127.0.0.1:1: no connection; is it running, and is OUTREACH_BROKER_URL right?"
    )
    assert said["email"] == (
        "127.0.0.1:1: connect: Connection refused; is it running, and is OUTREACH_SMTP_URL right?"
    )


def test_on_a_server_the_doctor_asks_for_the_keys(project: Path, postgres_url: str) -> None:
    unset = outreach_here(project, "doctor", "--json", database_url=postgres_url)
    keys = {"secret_key": KEY, "erasure_key": KEY}
    both = outreach_here(project, "doctor", "--json", database_url=postgres_url, **keys)

    found = [[c for c in answer.json if "key" in c["check"]] for answer in (unset, both)]
    why = "OUTREACH_SECRET_KEY is unset, so nothing is sent; set it to the same 32 or more"
    assert (unset.code, both.code) == (1, 0)
    assert found[0][0]["detail"] == f"{why} characters, made by chance, on every machine"
    assert found[0][1] == {
        "check": "erasure key",
        "ok": True,
        "detail": "OUTREACH_ERASURE_KEY is unset; only `customers forget` needs it",
    }
    assert found[1] == [{"check": "secret key", "ok": True, "detail": "set"}]


def test_a_worker_that_sent_nothing_is_no_message(project: Path) -> None:
    outreach_here(project, "run", "--until-idle", "--now", NOW)

    answer = outreach_here(project, "doctor", "--json", "--now", NOW)

    [found] = [each for each in answer.json if each["check"] == "sent until"]
    assert found["detail"] == "nothing was sent yet"


DATABASES = {
    "postgresql://u:hidden@127.0.0.1:1/x": "the database can not be used: connection failed",
    "postgresql://u:hidden@@:no:/x": "OUTREACH_DATABASE_URL can not be read",
    "mysql://u:hidden@localhost/x": "OUTREACH_DATABASE_URL: it must begin with",
    "sqlite:////proc/nothing/x.db": "the folder of the database can not be made",
    "sqlite:///outreach.yaml": "the database can not be used: file is not a database",
    "sqlite:///campaigns": "the database can not be used: unable to open database file",
}


@pytest.mark.parametrize("url", DATABASES)
def test_a_database_that_can_not_be_used_is_a_broken_set_up(project: Path, url: str) -> None:
    answer = outreach_here(project, "stages", "show", "--json", database_url=url, secret_key=KEY)

    said = answer.json["error"]
    assert (answer.code, said["code"], answer.err) == (3, "setup", "")
    assert said["message"].startswith(DATABASES[url])
    assert said["hint"]
    assert "hidden" not in answer.out


def test_a_server_that_was_not_migrated_says_how(project: Path, postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001_people'")

    answer = outreach_here(project, "stages", "show", database_url=postgres_url, secret_key=KEY)

    assert (answer.code, answer.out) == (3, "")
    assert answer.err == "outreach: the database is not up to date; run `outreach migrate`\n"


def test_commands_work_on_postgresql(project: Path, postgres_url: str) -> None:
    (project / "c.csv").write_text("key,first_name\na,Ann\n")
    settings = {"database_url": postgres_url, "secret_key": KEY}

    imported = outreach(project, "customers", "import", "c.csv", "--json", **settings)
    stages = outreach(project, "stages", "show", "--json", **settings)
    doctor = outreach(project, "doctor", "--json", **settings)

    assert imported.json["created"] == 1
    assert stages.json["potential"] == 1
    assert (doctor.code, doctor.json[1]["detail"]) == (0, "PostgreSQL, up to date")
