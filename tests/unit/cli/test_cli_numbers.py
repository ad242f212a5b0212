"""Numbers of things, as people read them."""

import pytest

from outreach.vocabulary import number_of


@pytest.mark.parametrize(
    ("many", "told"), [(0, "0 customers"), (1, "1 customer"), (2_000, "2,000 customers")]
)
def test_one_is_one(many: int, told: str) -> None:
    assert number_of(many, "customer") == told
