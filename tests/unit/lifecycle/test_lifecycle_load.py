"""Lifecycles from YAML: presets, own files, and what is wrong with them."""

from datetime import timedelta

import pytest

from outreach.lifecycle.load import check_lifecycles, load_lifecycle, presets
from outreach.settings.company import Brand, Company


def company(lifecycle: str = "six-stage") -> Company:
    return Company(brand=Brand(name="Sample"), lifecycle=lifecycle)


def test_the_presets_are_sound() -> None:
    assert presets() == [
        "four-phase", "funnel", "project", "rfm", "service-custom", "six-stage", "trade-cycle",
    ]  # fmt: skip
    for name in presets():
        model, problems = load_lifecycle(company(name), {})
        assert problems == []
        assert model is not None


def test_the_six_stages_stand_in_the_order_of_life() -> None:
    model, _ = load_lifecycle(company(), {})

    assert model is not None
    assert model.ids == (
        "potential", "development", "growth", "maturity", "decline", "termination",
    )  # fmt: skip


def test_an_own_file_goes_before_a_preset() -> None:
    own = b"stages: [{id: all, when: otherwise}]"

    model, problems = load_lifecycle(company(), {"lifecycles/six-stage.yaml": own})

    assert problems == []
    assert model is not None
    assert model.ids == ("all",)


def test_given_stages_have_no_model() -> None:
    assert load_lifecycle(company("given"), {}) == (None, [])


FAULTS = b"""stages:
  - id: new
    when: orderz == 0
  - id: rest
    when: otherwise
  - id: new
    when: orders == 'x'
"""


def test_every_problem_has_its_place() -> None:
    _, problems = load_lifecycle(company("own"), {"lifecycles/own.yaml": FAULTS})

    assert [str(problem).partition(";")[0] for problem in problems] == [
        "lifecycles/own.yaml:3:11: unknown name `orderz`",
        "lifecycles/own.yaml:5:11: `otherwise` takes everyone: no stage after it can be reached",
        "lifecycles/own.yaml:6:9: there are two stages `new`",
        "lifecycles/own.yaml:7:11: a number is compared with a text",
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"stages: []", "lifecycles/own.yaml:1:9"),
        (b"stages: [{id: a b, when: otherwise}]", "lifecycles/own.yaml:1:15: `a b` is no name for a stage"),
        (b"stages: [{id: a}]", "lifecycles/own.yaml:1:10"),
        (b"stage: []", "lifecycles/own.yaml:1:1: unknown key `stage`"),
        (b"a: [", "lifecycles/own.yaml:"),
    ],
)  # fmt: skip
def test_what_is_written_wrongly_is_shown(written: bytes, shown: str) -> None:
    model, problems = load_lifecycle(company("own"), {"lifecycles/own.yaml": written})

    assert model is None
    assert str(problems[0]).startswith(shown)


BOUND = b"""stages:
  - {id: new, when: otherwise, unless: orders > 0}
  - {id: old, when: orders == 0, least_days: 0}
"""
STAGED = b"""stages:
  - {id: new, when: "stage == 'old' and stage_since < now"}
  - {id: old, when: "stage_in('other') == 'x'", least_days: 3, unless: orderz > 1}
"""
ORDERED = b"""stages:
  - {id: new, when: otherwise}
  - {id: old, when: orders > 0}
evaluation: [new, odl, old]
moves:
  old: [new, nwe]
  gone: new
"""
SHORT = b"""stages:
  - {id: new, when: otherwise}
  - {id: old, when: orders > 0}
  - {id: lost, when: orders > 1}
evaluation: [old]
"""
LAST = b"""stages:
  - {id: new, when: otherwise}
  - {id: old, when: orders > 0}
evaluation: [new, old]
"""
_NO_STAGE = (
    "can not be asked for in the rules of a lifecycle; write where one may go from under"
    " `moves`, how long one stays as `least_days`"
)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (BOUND, [
            "2:40: `unless` stands only beside `least_days`; write how long",
            "3:46: `least_days` is 0; it must be at least 1",
        ]),
        (STAGED, [
            f"2:22: `stage` {_NO_STAGE}",
            f"2:41: `stage_since` {_NO_STAGE}",
            f"3:22: `stage_in` {_NO_STAGE}",
            "3:72: unknown name `orderz`; did you mean `orders`?",
        ]),
        (ORDERED, [
            "4:19: there is no stage `odl`; did you mean `old`?",
            "6:14: there is no stage `nwe`; did you mean `new`?",
            "7:3: there is no stage `gone`; there are `new`, `old`",
        ]),
        (SHORT, ["5:13: `evaluation` leaves out `lost`, `new`; name every stage once"]),
        (LAST, ["2:21: `otherwise` takes everyone: no stage after it can be reached; put it last"]),
    ],
)  # fmt: skip
def test_what_binds_a_move_is_checked(written: bytes, shown: list[str]) -> None:
    model, problems = load_lifecycle(company("own"), {"lifecycles/own.yaml": written})

    assert model is None
    assert [str(problem) for problem in problems] == [f"lifecycles/own.yaml:{e}" for e in shown]


def test_what_binds_a_move_is_read() -> None:
    written = b"""
stages:
  - {id: new, when: otherwise, least_days: 3, unless: orders > 1}
  - {id: old, when: orders > 0}
evaluation: [old, new]
moves: {old: new}
high_water: true
"""
    model, problems = load_lifecycle(company("own"), {"lifecycles/own.yaml": written})

    assert problems == []
    assert model is not None
    assert [stage.id for stage in model.rules] == ["old", "new"]
    assert (model.moves, model.high_water) == ({"old": ("new",)}, True)
    assert model.stages[0].least == timedelta(days=3)
    assert model.is_bound


def test_a_lifecycle_that_is_not_there_is_guessed() -> None:
    _, problems = load_lifecycle(company("six-stages"), {})

    assert [str(problem) for problem in problems] == [
        "outreach.yaml: there is no lifecycle `six-stages`; did you mean `six-stage`?"
    ]


def test_a_lifecycle_that_is_not_there_is_told_where_it_is_named() -> None:
    written = b"brand: {name: Tea}\nlifecycle: six-stag\nlifecycles: {value: rfmm}\n"
    brand, further = Brand(name="Tea"), {"value": "rfmm"}
    named = Company(brand=brand, lifecycle="six-stag", lifecycles=further)

    problems = check_lifecycles(named, {"outreach.yaml": written})

    assert [str(problem) for problem in problems] == [
        "outreach.yaml:2:12: there is no lifecycle `six-stag`; did you mean `six-stage`?",
        "outreach.yaml:3:21: there is no lifecycle `rfmm`; did you mean `rfm`?",
    ]


def test_other_files_are_checked_too() -> None:
    files = {"lifecycles/later.yaml": b"stages: [{id: a, when: nonsense}]"}

    assert [problem.line for problem in check_lifecycles(company(), files)] == [1]
