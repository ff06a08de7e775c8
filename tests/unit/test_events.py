"""Events are plain values: nothing changes one afterwards, and what nobody told has a harmless default."""

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from campaign.core.attempt import Disposition, ResolvedBy
from campaign.core.events import Accepted, Ended, Event, InDoubt, NotPlaced
from tests.builders import CALL, NOON


def test_an_event_never_changes() -> None:
    accepted = Accepted(NOON, CALL)
    with pytest.raises(FrozenInstanceError):
        accepted.at = NOON  # type: ignore[misc]  # what is forbidden is what is tried


def test_every_event_knows_its_instant() -> None:
    assert all("at" in kind.__dataclass_fields__ for kind in get_args(Event))


def test_what_nobody_told_has_a_harmless_default() -> None:
    assert Accepted(NOON, CALL).by is ResolvedBy.RESPONSE
    assert InDoubt(NOON, "read time-out").latest_end is None
    assert NotPlaced(NOON, "not in the list").by is ResolvedBy.POLL
    assert Ended(NOON, Disposition.BUSY, "busy", ResolvedBy.POLL).call_sid is None
