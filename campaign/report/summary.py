"""The totals of a campaign: `summary.json`, and the CLI's last words. Counted from the very lines the files show."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from campaign.core.attempt import AttemptState
from campaign.core.lead import LeadState, Outcome
from campaign.core.records import AttemptRecord, CampaignRecord, ImportRecord, LeadRecord, RejectReason
from campaign.ports import Insight
from campaign.report.lines import Line, lines
from campaign.report.rows import calls, cost, money, telling


class Length(StrEnum):
    """Which length of an answered call was held against `reached_after`."""

    CONVERSATION = "conversation"
    TOTAL = "total"
    NOT_TOLD = "not_told"


@dataclass(slots=True)
class Summary:
    """Totals, growing line by line.

    `states`, `outcomes`: leads. `waiting`: leads not done, by the reason they wait. `attempts`: by number of attempt
    and disposition (state, while there is none). `reached`: leads whose answered call lasted `reached_after`, by the
    length that showed it; under `NOT_TOLD` the answered leads of whose call no length is known, which are not reached.
    `in_doubt`: attempts. `cost`: of the prices told, None while there is none. `not_priced`: accepted calls without a
    price. `called_again`, `answered_again`: leads called more than once, and the answered ones of them.
    `calls`: made, to all leads; `calls_to_answered`: to those that answered.
    """

    files: Sequence[ImportRecord]
    reached_after: timedelta
    states: Counter[LeadState] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    rejects: Counter[RejectReason] = field(default_factory=Counter)
    attempts: Counter[tuple[int, str]] = field(default_factory=Counter)
    reached: Counter[Length] = field(default_factory=Counter)
    in_doubt: int = 0
    cost: Decimal | None = None
    not_priced: int = 0
    called_again: int = 0
    answered_again: int = 0
    calls: int = 0
    calls_to_answered: int = 0

    @property
    def lines(self) -> int:
        """Of all files, the known ones of later files included."""
        return sum(file.lines for file in self.files)

    @property
    def leads(self) -> int:
        return self.states.total()

    @property
    def reached_leads(self) -> int:
        return self.reached[Length.CONVERSATION] + self.reached[Length.TOTAL]

    def add(self, line: Line) -> None:
        """Count a line, and a lead's attempts with it."""
        if not isinstance(line, LeadRecord):
            self.rejects[line.reject.reason] += 1
            return
        self.states[line.state] += 1
        if line.state is not LeadState.DONE:
            self.waiting[line.reason or line.state] += 1
        elif line.outcome:
            self.outcomes[line.outcome] += 1
        self._add_calls(line)
        for attempt in line.attempts:
            self._add_attempt(attempt)

    def _add_calls(self, lead: LeadRecord) -> None:
        made = calls(lead.attempts)
        answered = lead.outcome is Outcome.COMPLETED
        self.calls += made
        self.called_again += made > 1
        self.answered_again += answered and made > 1
        self.calls_to_answered += made if answered else 0
        told = telling(lead.attempts)
        if answered and told:
            self._add_reached(told)

    def _add_reached(self, told: AttemptRecord) -> None:
        length, which = told.conversation_sec, Length.CONVERSATION
        if length is None:
            length, which = told.duration_sec, Length.TOTAL  # how long it rang is not told
        if length is None:
            self.reached[Length.NOT_TOLD] += 1
        elif timedelta(seconds=length) >= self.reached_after:
            self.reached[which] += 1

    def _add_attempt(self, record: AttemptRecord) -> None:
        state, disposition = record.attempt.state, record.attempt.disposition
        self.attempts[record.attempt_no, disposition or state] += 1
        self.in_doubt += state is AttemptState.UNKNOWN and disposition is None
        self.not_priced += state is AttemptState.ACCEPTED and record.price is None
        price = cost([record])
        if price is not None:
            self.cost = price + (self.cost or 0)


async def summary(insight: Insight, campaign: CampaignRecord, *, reached_after: timedelta) -> Summary:
    """The totals as the ledger stands, without writing anything."""
    counted = Summary(await insight.imports(campaign.id), reached_after)
    async for line in lines(insight, campaign.id, counted.files):
        counted.add(line)
    return counted


def document(counted: Summary, campaign: CampaignRecord, currency: str) -> dict[str, object]:
    """`summary.json`: counts and rates are numbers, money is decimal text; null is what cannot be known."""
    simulated = campaign.account.simulated
    return {
        "campaign": campaign.name,
        "state": campaign.state.value,
        "simulated": simulated,
        **({"note": "simulated: nobody was called"} if simulated else {}),
        "lines": counted.lines,
        "files": [_file(file) for file in counted.files],
        "rejects": _ordered(counted.rejects),
        "leads": {"total": counted.leads} | {state.value: counted.states[state] for state in LeadState},
        "outcomes": {outcome.value: counted.outcomes[outcome] for outcome in Outcome},
        "reached": _reached(counted),
        "attempts": {"total": counted.attempts.total(), "by_number": _by_number(counted.attempts)},
        "waiting": _ordered(counted.waiting),
        "in_doubt": counted.in_doubt,
        "cost": {"total": money(counted.cost) or None, "currency": currency, "not_priced": counted.not_priced},
        "rates": _rates(counted),
    }


def _file(file: ImportRecord) -> dict[str, object]:
    return {
        "file": file.file_name,
        "lines": file.lines,
        "new": file.new,
        "known": file.known,
        "changed": file.changed,
        "rejects": file.rejects,
    }


def _reached(counted: Summary) -> dict[str, object]:
    return {
        "leads": counted.reached_leads,
        "reached_after_sec": counted.reached_after.total_seconds(),
        "by_length_of": {which.value: counted.reached[which] for which in (Length.CONVERSATION, Length.TOTAL)},
        "length_not_told": counted.reached[Length.NOT_TOLD],
    }


def _by_number(attempts: Counter[tuple[int, str]]) -> dict[str, dict[str, int]]:
    numbers = sorted({number for number, _ in attempts})
    return {str(n): _ordered({how: k for (m, how), k in attempts.items() if m == n}) for n in numbers}


def _rates(counted: Summary) -> dict[str, dict[str, object]]:
    """The rates an Exotel campaign shows, with Exotel's formulas, counted over the leads of `leads.csv`."""
    answered, failed = counted.outcomes[Outcome.COMPLETED], counted.outcomes[Outcome.FAILED]
    decided = answered + counted.outcomes[Outcome.NO_ANSWER] + counted.outcomes[Outcome.BUSY]
    return {
        "connect_rate": _rate(answered, counted.leads, "completed leads / leads"),
        "answer_rate": _rate(answered, decided, "completed leads / (completed + no_answer + busy leads)"),
        "failure_rate": _rate(failed, counted.leads, "failed leads / leads"),
        "retry_success": _rate(
            counted.answered_again,
            counted.called_again,
            "completed leads called more than once / leads called more than once",
        ),
        "average_attempts_to_connect": _rate(
            counted.calls_to_answered, answered, "attempts of completed leads / completed leads"
        ),
        "cost_per_connected": _rate(counted.cost, answered, "cost of all calls priced so far / completed leads"),
    }


def _rate(part: Decimal | int | None, whole: int, formula: str) -> dict[str, object]:
    value = None if part is None or not whole else round(float(part) / whole, 4)
    return {"value": value, "formula": formula}


def _ordered(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(key): count for key, count in sorted(counts.items())}
