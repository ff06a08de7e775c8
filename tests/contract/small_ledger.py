"""A ledger in which everything happened once: written by the store itself, read back by `test_verify`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from campaign.core.attempt import CallSid, Disposition, Refusal, ResolvedBy
from campaign.core.events import Accepted, Asked, Ended, Event, InDoubt, NotPlaced, Refused
from campaign.core.guard import Send
from campaign.core.keyed import Key
from campaign.core.lead import CampaignId, CampaignState, Outcome, PhoneNumber
from campaign.core.records import (
    Account,
    AccountId,
    ForgottenCall,
    Happened,
    ImportRecord,
    Intent,
    NewImport,
    NewLead,
    Reject,
    RejectReason,
    Release,
    Reserved,
    Stranger,
)
from campaign.settings import Settings, parse
from campaign.store import ledger, schema
from campaign.store.ledger import Ledger
from campaign.wiring import read_policy
from tests.builders import NOON, minutes, seconds

ACCOUNT = Account("simulator", "simulated", simulated=True)
CALLER = "08030000000"
SETTINGS = parse(
    {
        "provider": {"caller_id": CALLER, "flow_url": "http://my.exotel.com/x/exoml/start_voice/1"},
        "window": {"hours": "00:00-24:00"},
    },
    "the test",
)
ANSWERED, BUSY, LATE, DOUBTFUL, INVALID, FORGOTTEN, LAST = (PhoneNumber(f"+9198123000{n:02}") for n in range(1, 8))
BY_HAND = CallSid("f" * 32)


def sid(number: PhoneNumber, call: int) -> CallSid:
    return CallSid(f"{number.e164[-2:]}{call:030}")


async def write(file: Path, settings: Settings = SETTINGS) -> None:
    """Answered; busy, then answered; not placed, then there after all; in doubt; refused; forgotten; stopped."""
    schema.prepare(file)
    async with ledger.opened(file, Key(b"a key of this test"), read_policy) as store:
        story = await Story.begin(store, settings)
        await story.first_calls()
        await story.second_calls()
        await story.last_words()


class Story:
    def __init__(self, store: Ledger, campaign: CampaignId, account: AccountId, settings: Settings) -> None:
        self.store, self.campaign, self.account = store, campaign, account
        self.policy = read_policy(settings.model_dump(mode="json"))
        self.first: dict[PhoneNumber, Reserved] = {}

    @classmethod
    async def begin(cls, store: Ledger, settings: Settings) -> "Story":
        tables = settings.model_dump(mode="json")
        campaign = await store.open_campaign("spring", ACCOUNT, tables, NOON - minutes(2))
        new = NewImport(campaign.id, "leads.csv", "0" * 64, ("phone",), "phone", NOON - minutes(1))
        begun = await store.begin_import(new)
        assert not isinstance(begun, ImportRecord)
        await store.add_lines(begun, _lines())
        await store.finish_import(begun, NOON - minutes(1))
        await store.set_state(campaign.id, CampaignState.RUNNING, "", NOON)
        return cls(store, campaign.id, campaign.account_id, settings)

    async def first_calls(self) -> None:
        self.first = {each.number: each for each in await self.store.claim_due(self.campaign, NOON, 7)}
        for number, due_at in ((FORGOTTEN, NOON + minutes(90)), (LAST, NOON + minutes(25))):
            await self.store.release([Release(self.first[number].attempt, due_at, "next in line", NOON)])
        for number in (ANSWERED, BUSY, LATE, DOUBTFUL, INVALID):
            await self.send(self.first[number], NOON)
        at = NOON + seconds(1)
        await self.tell(ANSWERED, Accepted(at, sid(ANSWERED, 1)), _ended(1, Disposition.COMPLETED, sid(ANSWERED, 1)))
        await self.tell(ANSWERED, _ended(2, Disposition.COMPLETED, sid(ANSWERED, 1)))  # told twice
        await self.tell(BUSY, Accepted(at, sid(BUSY, 1)), _ended(1, Disposition.BUSY, sid(BUSY, 1)))
        await self.tell(LATE, InDoubt(at, "HTTP 502", NOON + seconds(90), server_error=True))
        await self.tell(DOUBTFUL, InDoubt(at, "no answer within 20 s"))
        await self.tell(INVALID, Refused(at, Refusal.INVALID_NUMBER, "RestException: From"))

    async def second_calls(self) -> None:
        asked = (Asked(NOON + minutes(each), 0, controlled=True) for each in (8, 12))
        await self.tell(LATE, *asked, NotPlaced(NOON + minutes(12), "not in the provider's list"))
        now = NOON + minutes(20)
        for each in await self.store.claim_due(self.campaign, now, 2):
            await self.send(each, now)
            call = sid(each.number, 2)
            await self.store.record([Happened(each.attempt, Accepted(now + seconds(1), call))])
            await self.store.record([Happened(each.attempt, _ended(21, Disposition.COMPLETED, call))])
        await self.tell(LATE, _ended(25, Disposition.NO_ANSWER, sid(LATE, 1)))

    async def last_words(self) -> None:
        now = NOON + minutes(30)
        by_hand = Stranger(BY_HAND, ANSWERED, CALLER, "completed", NOON + minutes(28))
        await self.store.note_strangers(self.account, [by_hand], now)
        call = Stranger(sid(FORGOTTEN, 1), FORGOTTEN, CALLER, "completed", NOON + minutes(5))
        assert await self.store.adopt(self.account, [ForgottenCall(call, Disposition.COMPLETED)], now) == [True]
        [last] = await self.store.claim_due(self.campaign, now, 5)
        assert last.number == LAST
        await self.store.close_rest(self.campaign, Outcome.CANCELED, "the campaign was stopped", now + seconds(1))

    async def send(self, reserved: Reserved, at: datetime) -> None:
        intent = Intent(reserved.attempt, self.policy, 1, at)
        assert await self.store.begin_sending([intent]) == [Send()]

    async def tell(self, number: PhoneNumber, *events: Event) -> None:
        for event in events:
            await self.store.record([Happened(self.first[number].attempt, event)])


def _ended(minute: float, disposition: Disposition, call: CallSid) -> Ended:
    return Ended(NOON + timedelta(minutes=minute), disposition, str(disposition), ResolvedBy.CALLBACK, call)


def _lines() -> Sequence[NewLead | Reject]:
    numbers = (ANSWERED, BUSY, LATE, DOUBTFUL, INVALID, FORGOTTEN, LAST)
    leads = [NewLead(line, number, [number.e164]) for line, number in enumerate(numbers, start=2)]
    return [*leads, Reject(9, "phone", "12", RejectReason.NOT_A_NUMBER, "", ["12"])]
