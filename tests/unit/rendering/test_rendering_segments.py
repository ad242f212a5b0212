"""SMS segments: 3GPP TS 23.038's alphabets, 160/153 septets, 70/67 code units."""

import pytest

from outreach.rendering import Segments, segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("€" * 81, Segments("GSM-7", 162, 2)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),  # an escape is not split
        ("é à ü ß", Segments("GSM-7", 7, 1)),
        ("ç", Segments("UCS-2", 1, 1)),  # only Ç is in the alphabet
        ("你" * 70, Segments("UCS-2", 70, 1)),
        ("你" * 71, Segments("UCS-2", 71, 2)),
        ("你" * 135, Segments("UCS-2", 135, 3)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        ("😀" * 66, Segments("UCS-2", 132, 2)),  # 33 pairs fit into 67, one unit stays free
        ("😀" * 67, Segments("UCS-2", 134, 3)),
        ("王总，周末愉快", Segments("UCS-2", 7, 1)),
    ],
)
def test_segments_are_counted_as_networks_count_them(text: str, expected: Segments) -> None:
    assert segments(text) == expected
