"""What `campaign verify` has checked, each with a figure. Filled by `store.audit` and `engine.comparison`."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Check:
    """`count` things of a kind were looked at, and `holds` says what of them. `first`: the first breach; empty: none.

    `parts`: what `count` is the sum of, in the ledger's own words.
    """

    what: str
    count: int
    holds: str
    breaches: int = 0
    first: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Counted:
    """A check on its way: the first breach is kept in words, the others are counted."""

    what: str
    count: int = 0
    breaches: int = 0
    first: str = ""

    def breach(self, words: str) -> None:
        self.first = self.first or words
        self.breaches += 1

    def check(self, holds: str, parts: Mapping[str, int] | None = None) -> Check:
        return Check(self.what, self.count, holds, self.breaches, self.first, parts or {})
