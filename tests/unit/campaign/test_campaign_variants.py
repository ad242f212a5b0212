"""Variants of an experiment: how they are written, and which files they need."""

import pytest

from outreach.campaign.check import check_project, load_project
from outreach.campaign.experiment import Variant, ends_of

CAMPAIGN = """\
owner: mei
topic: greetings
audience: everyone
schedule: {manual: true}
steps: [{id: greet, channels: [email], template: hello}]
experiment:
  variants: {plain: 1, warm: 1}
"""
COMPANY = b"brand: {name: Tea}\ntopics: {greetings: {title: Hi}}\n"
WHOLE = ("subject.txt", "body.txt")


def project(*names: str, campaign: str = CAMPAIGN) -> dict[str, bytes]:
    """A project whose template `hello` has these files."""
    files = {f"templates/hello/{name}": b"Hi" for name in names}
    return {"outreach.yaml": COMPANY, "campaigns/hello.yaml": campaign.encode(), **files}


def said(*names: str, campaign: str = CAMPAIGN) -> list[str]:
    return [str(each) for each in check_project(project(*names, campaign=campaign))]


def test_variants_keep_the_files_order() -> None:
    text = CAMPAIGN.replace("{plain: 1, warm: 1}", "{warm: 1, plain: 3}")
    found = load_project(project(*WHOLE, "warm/subject.txt", campaign=text)).campaigns["hello"]

    assert found.variants == (Variant("warm", 1), Variant("plain", 3))
    assert found.holdout == 0


def test_one_variant_may_be_the_files_as_they_are() -> None:
    assert said(*WHOLE, "warm/subject.txt") == []


def test_what_every_variant_has_need_not_be_there_for_all() -> None:
    assert said("body.txt", "plain/subject.txt", "warm/subject.txt") == []


def test_a_file_that_one_variant_lacks_is_missed() -> None:
    assert said("body.txt", "warm/subject.txt") == [
        "campaigns/hello.yaml:5:50: channel `email` needs `templates/hello/subject.txt`; "
        "write it, or take the channel out"
    ]


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ((), "7:24: the variant `warm` is the same as another: it has no file of its own; write what differs into `templates/hello/warm/`"),
        (("wram/subject.txt",), "7:24: the variant `warm` is the same as another: it has no file of its own; did you mean `wram`?"),
    ],
)  # fmt: skip
def test_variants_that_do_not_differ_are_refused(names: tuple[str, ...], line: str) -> None:
    assert said(*WHOLE, *names) == [f"campaigns/hello.yaml:{line}"]


@pytest.mark.parametrize(
    ("weights", "ends"),
    [((1, 1), [5000, 10_000]), ((1, 1, 1), [3333, 6666, 10_000]), ((9, 1), [9000, 10_000])],
)
def test_shares_are_parts_of_ten_thousand(weights: tuple[int, ...], ends: list[int]) -> None:
    assert ends_of(tuple(Variant(str(each), each) for each in weights)) == ends
