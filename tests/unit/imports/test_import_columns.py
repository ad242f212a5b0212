"""Customers by columns say what the rows said, whole or in part."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from outreach.ids import bucket
from outreach.imports.customer_rows import CustomerRow, in_columns
from outreach.store.places import NOWHERE, Place
from outreach.vocabulary import ConsentState

words = st.text(max_size=3)
ROW = st.builds(
    CustomerRow,
    line=st.integers(2, 99),
    key=words,
    values=st.dictionaries(st.sampled_from(["email", "phone", "tier"]), st.none() | words),
    attributes=st.dictionaries(words, st.none() | st.integers()),
    consents=st.dictionaries(
        st.sampled_from([("email", "offers"), ("sms", "offers")]), st.sampled_from(ConsentState)
    ),
    dates=st.dictionaries(st.just(("wedding", "day")), st.none() | words),
    place=st.sampled_from([NOWHERE, Place("Europe/Berlin", True, "DE")]),
)


@given(st.lists(ROW, max_size=6), st.integers(0, 6), st.lists(st.booleans(), min_size=6))
def test_rows_come_back_as_they_were(
    rows: list[CustomerRow], until: int, wanted: list[bool]
) -> None:
    columns = pickle.loads(pickle.dumps(in_columns(rows)))

    assert list(columns) == rows
    assert len(columns) == len(rows)
    assert list(columns[1:until]) == rows[1:until]
    chosen = [row for row, yes in zip(rows, wanted, strict=False) if yes]
    assert list(columns.only(wanted[: len(rows)])) == chosen


@given(st.lists(ROW, max_size=6))
def test_a_column_has_a_value_for_each_row(rows: list[CustomerRow]) -> None:
    columns = in_columns(rows)

    assert columns.buckets == [bucket(row.key) for row in rows]
    for name, values in columns.values.items():
        assert values == [row.values.get(name) for row in rows]
    assert columns.given("email") == {row.values.get("email") for row in rows} - {None}
    assert sorted(columns.words()) == sorted(
        (row.key, *about, state) for row in rows for about, state in row.consents.items()
    )
