"""What the engine says, and whom it wakes."""

from campaign.engine.feed import Feed, News
from tests.builders import NOON, seconds


def test_every_listener_has_a_bell_of_its_own() -> None:
    feed = Feed()
    one, other = feed.listen(News.ENDED), feed.listen(News.ENDED, News.LEADS)
    feed.changed(News.ENDED)
    assert one.is_set()
    one.clear()
    assert other.is_set()


def test_a_bell_rings_only_at_news_it_listens_to() -> None:
    feed = Feed()
    bell = feed.listen(News.PLACED, News.LEADS)
    feed.changed(News.ENDED, News.DETAILS)
    assert not bell.is_set()
    feed.changed(News.ENDED, News.LEADS)
    assert bell.is_set()


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
