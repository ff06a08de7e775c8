"""What the engine says, and whom it wakes."""

from campaign.engine.feed import Feed
from tests.builders import NOON, seconds


def test_every_listener_has_a_bell_of_its_own() -> None:
    feed = Feed()
    one, other = feed.listen(), feed.listen()
    feed.changed()
    assert one.is_set()
    one.clear()
    assert other.is_set()


def test_what_was_said_holds_until_its_instant() -> None:
    feed = Feed()
    feed.say("waiting", NOON)
    assert feed.said(NOON - seconds(1)) == "waiting"
    assert feed.said(NOON) == ""


def test_what_was_said_without_an_instant_holds_until_something_else_is_said() -> None:
    feed = Feed()
    assert feed.said(NOON) == ""
    feed.say("settling", None)
    assert feed.said(NOON) == "settling"
    feed.say("waiting", NOON + seconds(1))
    assert feed.said(NOON) == "waiting"
