"""The demo's project under each lifecycle that ships."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context
from outreach.app.init import make_project
from outreach.demo.lifecycles import check_name, put_in_force
from outreach.errors import UsageError
from outreach.lifecycle.load import GIVEN, presets


@pytest.mark.parametrize("name", [*presets(), GIVEN])
def test_the_project_is_in_order_under_each_lifecycle(tmp_path: Path, name: str) -> None:
    make_project(tmp_path)

    put_in_force(tmp_path, name)

    context = open_context(tmp_path)
    assert check_files(context).problems == ()
    assert context.company().lifecycle == name
    audiences = [
        context.loaded.campaigns[each].audience for each in ("weekly-greeting", "win-back")
    ]
    assert all(each.stage for each in audiences)


def test_a_lifecycle_that_does_not_ship_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        check_name("trade-cycel")

    assert str(refused.value) == "there is no lifecycle `trade-cycel` that ships"
    assert refused.value.hint == "did you mean `trade-cycle`?"
