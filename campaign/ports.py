"""Every hole in the wall on one page: what the engine and the web know of the outside world.

Every writing method of Store takes a list and returns a verdict per item, and has committed to disk when it returns;
no transaction is visible outside. Instants are aware UTC.
"""

from asyncio import Event as Bell
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from campaign.core import call, events, guard, records
from campaign.core.allowance import Allowance
from campaign.core.attempt import CallSid
from campaign.core.breaker import Reply
from campaign.core.forecast import Course
from campaign.core.history import History, RejectedLine
from campaign.core.lead import CampaignId, CampaignState, NumberHash, Outcome, PhoneNumber
from campaign.core.policy import Rate
from campaign.core.starts import Start
from campaign.core.tally import Tally


class Store(Protocol):
    """The ledger, for writing. One process owns it."""

    async def recover(self, now: datetime) -> records.Recovered:
        """At start: `reserved` is free again, `sending` without an answer is in doubt, unfinished imports are gone.

        So are campaigns that were never dialled and have no import.
        """

    async def open_campaign(
        self, name: str, account: records.Account, settings: Mapping[str, object], now: datetime
    ) -> records.CampaignRecord:
        """The campaign of that name, made with its first policy version if there is none."""

    async def add_policy(self, campaign: CampaignId, settings: Mapping[str, object], now: datetime) -> int:
        """A new policy version; the number of the newest if nothing differs."""

    async def set_state(self, campaign: CampaignId, state: CampaignState, reason: str, now: datetime) -> CampaignState:
        """Move a campaign; what it was before. Once this returns, no attempt is committed to be sent against it."""

    async def close_rest(self, campaign: CampaignId, outcome: Outcome, why: str, now: datetime) -> int:
        """Every lead that waits is done; how many."""

    async def begin_import(self, new: records.NewImport) -> records.ImportId | records.ImportRecord:
        """A new import, invisible until finished; the earlier one when the campaign has these very bytes already.

        An unfinished one of the same campaign is given up: whoever goes on with it hears CampaignError.
        """

    async def add_lines(
        self, into: records.ImportId, lines: Sequence[records.NewLead | records.Reject]
    ) -> list[records.LineFate]:
        """Known, reject (a number twice in the file: `duplicate`), or new, in this order."""

    async def finish_import(self, done: records.ImportId, now: datetime) -> records.ImportRecord:
        """The import and all its lines become visible at once."""

    async def discard_import(self, unwanted: records.ImportId, now: datetime) -> None:
        """The import goes with all it brought; so does its campaign if it never had another."""

    async def unload(
        self, campaign: CampaignId, numbers: Sequence[PhoneNumber], why: str, now: datetime
    ) -> list[records.Unloaded]:
        """Leads of the campaign with one of these as their first number, never called, are done: `excluded`."""

    async def claim_due(self, campaign: CampaignId, now: datetime, limit: int) -> list[records.Reserved]:
        """Reserve an attempt for each lead due, in the order of `core.order`."""

    async def release(self, given_back: Sequence[records.Release]) -> list[bool]:
        """Give reservations back; False for one that was not reserved any more."""

    async def begin_sending(self, intents: Sequence[records.Intent]) -> list[guard.Verdict]:
        """Ask `core.guard` inside the commit; after `Send` the intent and its place in the rate are on disk."""

    async def record(self, happened: Sequence[records.Happened]) -> list[records.Recorded]:
        """Apply each event; attempt, lead and next step change together."""

    async def add_details(self, details: Sequence[records.Details]) -> list[bool]:
        """Fill in durations, prices, recordings; what is known already stays."""

    async def note_start(self, found: Start, period: timedelta) -> timedelta:
        """By how much the clock was set ahead since anything was written down that counts for a `period`.

        A machine that was booted anew looks like one whose clock was set ahead.
        """

    async def note_request(self, account: records.AccountId, sent_at: datetime) -> int:
        """A look-up is about to leave: its place in the rate, on disk."""

    async def note_allowance(self, account: records.AccountId, allowance: Allowance) -> None:
        """What the account allows now, for those who look and for the next process."""

    async def note_answer(self, request: int, at: datetime) -> None:
        """Its answer, or its time-out, was seen."""

    async def note_strangers(
        self, account: records.AccountId, calls: Sequence[records.Stranger], now: datetime
    ) -> list[bool]:
        """Keep calls that no attempt made; True for those not known before. They count for their numbers."""

    async def adopt(
        self, account: records.AccountId, calls: Sequence[records.ForgottenCall], now: datetime
    ) -> list[bool]:
        """Enter calls that an older copy of the database does not know; False where no lead has the number."""

    async def note_reconciled(self, account: records.AccountId, until: datetime) -> None:
        """The provider's list was compared with the ledger up to this instant."""

    async def keep_callbacks(self, raw: Sequence[records.RawCallback]) -> list[records.CallbackFate]:
        """On disk before anybody is told 200. Identical repeats are only counted."""

    async def mark_read(
        self, read: Sequence[records.InboxId], told: Sequence[records.Happened], now: datetime
    ) -> list[records.Recorded]:
        """These callbacks are read, and what they told is recorded as by `record`: both or neither."""


class Insight(Protocol):
    """The ledger, for reading; never changes anything, works beside any owner."""

    async def campaigns(self) -> list[records.CampaignRecord]: ...
    async def tally(self, campaign: CampaignId) -> Tally: ...
    async def course(self, campaign: CampaignId) -> Course:
        """How its calls ended so far and what waits for another one, from counters and samples."""

    async def next_due(self, campaign: CampaignId) -> datetime | None:
        """When the next waiting lead is due; None when none waits."""

    async def imports(self, campaign: CampaignId) -> list[records.ImportRecord]: ...
    async def loaded_elsewhere(self, sha256: str, campaign: CampaignId | None) -> str | None:
        """The name of another campaign that holds the same bytes."""

    async def live_calls(self, account: records.AccountId) -> list[records.LiveCall]:
        """Attempts whose end is not known, of all campaigns of the account, oldest first."""

    async def unread_callbacks(self, limit: int) -> list[records.UnreadCallback]: ...
    async def undetailed(self, campaign: CampaignId, ended_since: datetime | None) -> list[records.LiveCall]:
        """Ended calls whose duration or price is not known yet."""

    async def doubts(self, account: records.AccountId) -> list[records.Doubt]:
        """Attempts in doubt, oldest first."""

    async def held(self, campaign: CampaignId) -> list[records.Doubt]:
        """Attempts whose leads are held: in doubt, or accepted with no end told."""

    async def owned(self, calls: Sequence[CallSid]) -> frozenset[CallSid]:
        """Those of the calls that attempts own."""

    async def control(self, account: records.AccountId, since: datetime, before: datetime) -> records.OwnCall | None:
        """An ended call of ours that was sent since, and heard to end before."""

    async def reading(self, account: records.AccountId, before: datetime | None = None) -> records.Reading | None:
        """The newest instant, sent before, that the provider told in its own words."""

    async def reconciled_until(self, account: records.AccountId) -> datetime | None: ...
    async def strangers(self, account: records.AccountId) -> list[records.StrangerRecord]:
        """Calls from our caller ids that no attempt made, newest first."""

    async def allowance(self, account: records.AccountId) -> Allowance:
        """What the account allowed, as it was noted last."""

    async def replies(self, account: records.AccountId) -> list[Reply]:
        """How the requests of its newest calls were answered, oldest answer first."""

    async def recent_requests(self, account: records.AccountId, since: datetime) -> list[datetime]:
        """When the account's requests since then were answered or, without an answer, sent."""

    def leads(self, campaign: CampaignId) -> AsyncIterator[Sequence[records.LeadRecord]]:
        """In chunks, in order of file and line."""

    def rejects(self, campaign: CampaignId) -> AsyncIterator[Sequence[records.RejectRecord]]: ...
    def attempts(self, campaign: CampaignId) -> AsyncIterator[Sequence[records.AttemptRecord]]:
        """In chunks, in order of lead and number of attempt."""

    async def unloading(self, campaign: CampaignId, numbers: Sequence[NumberHash]) -> list[records.Unloaded]:
        """What `Store.unload` would make of them."""

    async def shared_numbers(self, of: records.ImportId) -> list[records.SharedNumber]:
        """Numbers of an import's leads, finished or not, that other leads of its campaign have too."""

    async def history(self, number: NumberHash) -> History:
        """Everything of one number, over all campaigns."""

    async def rejected_as(self, values: Sequence[str]) -> list[RejectedLine]:
        """Lines of all campaigns that were rejected with exactly one of these values."""


class Provider(Protocol):
    """Who places the calls."""

    @property
    def limit(self) -> Rate | None:
        """The account's limit as an answer told it last; None: none did."""

    async def place(self, placement: call.Placement) -> events.Accepted | events.Refused | events.InDoubt:
        """One connect request, exactly once: never repeated, never redirected, not after `send_by`."""

    async def look_up(self, call: CallSid) -> call.CallReport | call.Missing | call.LookUpFailed:
        """One call by its Sid."""

    async def look_up_many(self, calls: Sequence[CallSid]) -> Mapping[CallSid, call.CallReport] | call.LookUpFailed:
        """Up to 100 calls in one request; those still alive may be missing."""

    async def calls_between(
        self, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None = None, page: str = ""
    ) -> call.Page | call.LookUpFailed:
        """Calls from a caller id created between two readings (naive) of the provider's own clock; one page of them."""

    async def balance(self) -> call.Balance | call.LookUpFailed:
        """What the account has left; asked for once a minute at most."""

    def clock_reading(self, created: str) -> datetime | None:
        """The provider's words for an instant as a reading (naive) of its own clock; pure."""

    def number_of(self, echo: str) -> PhoneNumber | None:
        """The number that the provider's echo means; pure."""

    def read_callback(self, content_type: str, body: bytes) -> call.CallReport | call.Unreadable:
        """What a callback says; pure."""


class Queue(Protocol):
    """Between claiming and dialling."""

    async def put(self, reserved: records.Reserved) -> None: ...
    async def get(self) -> records.Reserved: ...
    def drain(self) -> list[records.Reserved]:
        """Everything still waiting, taken out."""

    def __len__(self) -> int: ...


class Clock(Protocol):
    """Time, as the campaign lives it; simulated time passes faster and skips idle hours."""

    def now(self) -> datetime: ...
    def steady(self) -> datetime:
        """Now, had nobody set the clock since the process began: for spans that must pass whatever the clock shows."""

    def ticks(self) -> float:
        """Real seconds that never stop, not even while the machine sleeps: for deadlines towards the network."""

    def started(self) -> datetime:
        """When this machine started, by the clock of today: it moves only when that is set."""

    def real(self, span: timedelta) -> float:
        """How many real seconds `span` takes."""

    async def wait(self, until: datetime | None, bell: Bell | None = None) -> None:
        """Until the instant, or until the bell rings, which is then silent again; earlier where the clock was set."""


__all__ = ["Bell", "Clock", "Insight", "Provider", "Queue", "Store"]
