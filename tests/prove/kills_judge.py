"""What the simulator's log, read with the standard library, says of a campaign that was killed and went on.

The log is the other side's word: no line of the product has touched it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.prove.kills_office import MAX_ATTEMPTS, Scene

Entry = dict[str, Any]
Row = dict[str, str]
ENDS = {
    "answers": "completed",
    "busy": "busy",
    "no-answer": "no_answer",
    "switched-off": "failed",
    "ndnc": "dnc",
}
"""How a lead ends whose last call came to this."""


class Log:
    """What the town saw. `tokens`: of each number, in order; `fates`: what its calls came to, refused ones too.

    `placed`: tokens of which a call came.
    """

    def __init__(self, file: Path) -> None:
        self.tokens: dict[str, list[str]] = defaultdict(list)
        self.fates: dict[str, list[str]] = defaultdict(list)
        self.sids: dict[str, list[str]] = defaultdict(list)
        self.placed: set[str] = set()
        self.happened: Counter[str] = Counter()
        for line in file.read_text().splitlines():
            self._take(json.loads(line))

    def _take(self, entry: Entry) -> None:
        match entry:
            case {"kind": "request", "method": "POST", "body": str(body)}:
                fields = parse_qs(body)
                self.tokens[fields["From"][0]].append(fields["CustomField"][0].split()[0])
            case {"kind": "call", "redial_of": _}:
                pass
            case {"kind": "call", "number": number, "fate": fate, "sid": sid, "custom_field": str(field)}:
                self.placed.add(field.split()[0])
                self.fates[number].append(fate)
                self.sids[number].append(sid)
            case {"kind": "refused", "number": number, "fate": fate}:
                self.fates[number].append(fate)
            case {"kind": "fault", "name": name}:
                self.happened[name] += 1
            case {"kind": "callback"}:
                self.happened["callback"] += 1


class Judge:
    """One scene against the log."""

    def __init__(self, scene: Scene, log: Log) -> None:
        self._scene, self._log = scene, log
        self._leads = scene.office.leads()
        self._attempts: dict[str, list[Row]] = defaultdict(list)
        for row in scene.office.table("attempts.csv"):
            self._attempts[row["phone_number"]].append(row)

    def breaches(self) -> Iterator[str]:
        """What breaks the promise."""
        yield from self._scene.wrong
        for number in self._scene.numbers:
            where = f"lead {number[-1]} ({self._scene.scripts[int(number[-1])]})"
            for breach in [*self._twice(number), *self._forgotten(number)]:
                yield f"{where}: {breach}"

    def roads(self) -> Counter[str]:
        """What became of it, for the counters."""
        rows = [row for rows in self._attempts.values() for row in rows]
        by = Counter(row["resolved_by"] for row in rows)
        doubtful = sum(bool(row["error"]) and row["state"] == "accepted" for row in rows)
        held = sum(not row["outcome"] for row in self._leads.values())
        return Counter(
            {"told": by["callback"], "found by asking": by["poll"], "held": held, "doubts settled": doubtful}
        )

    def _twice(self, number: str) -> Iterator[str]:
        tokens, fates = self._log.tokens[number], self._log.fates[number]
        if len(set(tokens)) < len(tokens):
            yield "one attempt was sent twice"
        if len(self._log.sids[number]) > MAX_ATTEMPTS:
            yield f"called {len(self._log.sids[number])} times"
        final = {"answers"} if self._scene.name == "older copy" else {"answers", "ndnc"}  # a refusal is in no list
        if final & set(fates[:-1]):
            yield f"called again after an end that was final: {fates}"

    def _forgotten(self, number: str) -> Iterator[str]:
        row, fates = self._leads.get(number), self._log.fates[number]
        if row is None:
            yield "not in leads.csv"
        elif not row["outcome"]:
            yield from self._held(number, row)
        elif number == self._scene.unloaded:
            if fates or row["outcome"] != "excluded":
                yield f"{row['outcome']} after it was unloaded, its calls came to {fates}"
        elif row["outcome"] == "canceled":
            if self._scene.name != "stopped" or set(fates) & {"answers", "ndnc"}:
                yield f"canceled, though its calls came to {fates}"
        elif not fates or row["outcome"] != ENDS[fates[-1]]:
            yield f"{row['outcome']}, though its calls came to {fates}"
        elif row["attempts"] != str(len(self._log.sids[number])) and number != self._scene.redialled:
            yield f"{row['attempts']} calls in leads.csv, {len(self._log.sids[number])} in the log"
        known = {attempt["call_sid"] for attempt in self._attempts[number]}
        if row and row["outcome"] and number != self._scene.redialled and not known.issuperset(self._log.sids[number]):
            yield "a call of the log is not in attempts.csv"

    def _held(self, number: str, row: Row) -> Iterator[str]:
        """Only where nobody can know: what placed no call leaves no trace, a redial looks like two calls.

        A campaign that was stopped is not asked for again.
        """
        doubtful = [each for each in self._attempts[number] if each["state"] == "unknown" and not each["disposition"]]
        if not doubtful:
            yield f"left behind: {row['outcome_reason']}"
        arrived = any(each["attempt_id"] in self._log.placed for each in doubtful)
        if arrived and self._scene.name != "stopped" and number != self._scene.redialled:
            yield "still in doubt, though its one call is in the provider's list"
