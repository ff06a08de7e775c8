"""What was checked has a figure, and its first breach in words."""

from campaign.core.checks import Check, Counted


def test_a_check_that_holds_has_no_breach() -> None:
    counted = Counted("gap")
    counted.count += 3
    assert counted.check("rested") == Check("gap", 3, "rested", 0, "")


def test_the_first_breach_is_kept_in_words_and_the_others_are_counted() -> None:
    counted = Counted("gap", count=3)
    counted.breach("attempt 1")
    counted.breach("attempt 2")
    assert counted.check("rested", {"done": 2}) == Check("gap", 3, "rested", 2, "attempt 1", {"done": 2})
