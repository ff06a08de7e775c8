"""What the simulator's log says of a campaign, read with the standard library alone: the other side's word for it."""

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

Entry = dict[str, Any]
Story = tuple[str, str]
"""How a lead ended, and after how many calls."""

OUTCOME = {
    "answers": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "ndnc": "dnc",
    "switched-off": "failed",
    "not-existing": "failed",
}
"""How a lead ends whose last call came to this."""


@dataclass(frozen=True, slots=True)
class Post:
    """A connect request as it arrived."""

    at: datetime
    number: str
    token: str


class TownLog:
    """One look at the log, also while it is written."""

    def __init__(self, file: Path) -> None:
        whole = file.read_text().rpartition("\n")[0] if file.exists() else ""
        self.entries: list[Entry] = [json.loads(line) for line in whole.splitlines()]

    def of(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.entries if entry["kind"] in kinds]

    @property
    def posts(self) -> list[Post]:
        return [_post(entry) for entry in self.of("request") if entry["method"] == "POST"]

    @property
    def statuses(self) -> Counter[int]:
        """How requests were answered."""
        return Counter(entry["status"] for entry in self.of("response"))

    def tokens_posted_twice(self) -> list[str]:
        return [token for token, posts in Counter(post.token for post in self.posts).items() if posts > 1]

    def most_requests_in(self, period: timedelta) -> int:
        """In any stretch of that length, posts and look-ups together."""
        instants = sorted(_at(entry["at"]) for entry in self.of("request"))
        return max(bisect_left(instants, at + period) - index for index, at in enumerate(instants))

    def most_alive(self) -> int:
        """Calls that rang or talked at the same instant; one that ends when another begins is not alive with it."""
        calls = [call for call in self.of("call") if call["placed_at"] != call["ends_at"]]
        changes = [(_at(call["placed_at"]), 1) for call in calls] + [(_at(call["ends_at"]), -1) for call in calls]
        alive = most = 0
        for _, change in sorted(changes):
            alive += change
            most = max(most, alive)
        return most

    def stories(self, numbers: Sequence[str]) -> dict[str, Story]:
        """What a report must say of these numbers; of one that was never asked for, nothing."""
        fates: dict[str, list[str]] = defaultdict(list)
        placed: Counter[str] = Counter()
        for entry in self.of("call", "refused"):
            fates[entry["number"]].append(entry["fate"])
            placed[entry["number"]] += entry["kind"] == "call"
        return {each: (OUTCOME[fates[each][-1]] if fates[each] else "", str(placed[each])) for each in numbers}


def told(leads: Mapping[str, Mapping[str, str]]) -> dict[str, Story]:
    """The same, as leads.csv tells it."""
    return {number: (row["outcome"], row["attempts"]) for number, row in leads.items()}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _post(entry: Entry) -> Post:
    fields = parse_qs(entry["body"])
    return Post(_at(entry["at"]), fields["From"][0], fields["CustomField"][0].split()[0])
