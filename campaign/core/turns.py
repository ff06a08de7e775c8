"""Whose turn it is, where several want more than there is: each has its share by weight, and nobody saves any up."""

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

Who = TypeVar("Who", bound=Hashable)


class Turns(Generic[Who]):
    """Fair queueing by start tags (Goyal, Vin and Cheng, 1996). While all of them wait, one with the share `s` of the
    weights has at most `s` of the turns and one more; what others leave is anybody's, and costs nobody a later turn.
    """

    def __init__(self) -> None:
        self._at = 0.0
        self._next: dict[Who, float] = {}

    def first(self, waiting: Mapping[Who, float]) -> Who:
        """Of those who wait, with their weights; the first of those who are alike. Raises ValueError for nobody."""
        return min(waiting, key=self._tag)

    def took(self, who: Who, weight: float) -> None:
        """They had a turn."""
        self._at = self._tag(who)
        self._next[who] = self._at + 1 / weight

    def _tag(self, who: Who) -> float:
        return max(self._at, self._next.get(who, self._at))
