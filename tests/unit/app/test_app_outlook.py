"""What would have to change, for every rule that may stop a message."""

from outreach.app.outlook import REMEDIES
from outreach.vocabulary import Reason


def test_each_rule_has_a_remedy_in_words() -> None:
    assert set(REMEDIES) == set(Reason)
