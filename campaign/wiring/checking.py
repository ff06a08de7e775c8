"""What running a list would come to: `campaign check`. Nothing is written, and a database is only read."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from campaign.core.forecast import Course
from campaign.core.keyed import Key
from campaign.core.lead import CampaignId
from campaign.core.records import CampaignRecord, ImportId, LineFate, NewLead, Reject, RejectReason
from campaign.engine.loading import Loading, fitting
from campaign.errors import ListError
from campaign.intake import Sheet, lines
from campaign.intake.kinds import country_and_kind
from campaign.settings import Settings
from campaign.store.insight import Books
from campaign.store.scratch import Seen, scratch
from campaign.wiring.house import TakenIn, by_reason, refusal_of
from campaign.wiring.policy import number_rules

NOWHERE = CampaignId(0)
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Known:
    """A database, for reading. `campaign`: the one that the list would be run as, if it is there."""

    books: Books
    key: Key
    campaign: CampaignRecord | None


@dataclass(slots=True)
class Checked:
    """`taken`: as `run` would tell it. `examples`: the first rejects of each reason.

    `kinds`, `countries`: of the new leads. `elsewhere`: how many of them are leads of other campaigns, by name.
    `refusal`: why the list would not be loaded. `course`: how the campaign went so far.
    """

    taken: TakenIn
    examples: Mapping[RejectReason, Sequence[Reject]]
    kinds: Counter[str]
    countries: Counter[str]
    elsewhere: Mapping[str, int]
    refusal: ListError | None
    course: Course


async def checked(
    sheet: Sheet, settings: Settings, known: Known | None, progress: Callable[[int], None] | None = None
) -> Checked:
    """Read all of it, in little memory. `settings`: those it would be read by. Raises ListError where it is broken."""
    before = known.campaign if known else None
    with scratch() as seen:
        checking = _Checking(sheet, settings, known, seen)
        read = lines(sheet, rules=number_rules(settings), progress=progress)
        while chunk := await asyncio.to_thread(next, read, None):
            await checking.add(chunk)
    loading = checking.loading
    waiting = (await known.books.tally(before.id)).left if known and before else 0
    taken = TakenIn(
        before.id if before else NOWHERE,
        None if known and before and await known.books.loaded_in(sheet.sha256, before.id) else loading.id,
        loading.fates.total(),
        loading.new,
        loading.known,
        waiting,
        rejects=by_reason(loading.reasons),
        passed_over=by_reason(loading.passed_over),
    )
    refusal = refusal_of(loading, settings.list.max_rejects, sheet.file_name, first_file=before is None)
    course = await known.books.course(before.id) if known and before else Course()
    by_name = await checking.by_name()
    return Checked(taken, checking.examples, checking.kinds, checking.countries, by_name, refusal, course)


class _Checking:
    """What was found so far."""

    def __init__(self, sheet: Sheet, settings: Settings, known: Known | None, seen: Seen) -> None:
        self.sheet, self.template, self.known, self.seen = sheet, settings.provider.custom_field, known, seen
        self.own = known.campaign.id if known and known.campaign else NOWHERE
        self.loading = Loading(ImportId(1))
        self.examples: dict[RejectReason, list[Reject]] = {}
        self.kinds: Counter[str] = Counter()
        self.countries: Counter[str] = Counter()
        self.elsewhere: Counter[CampaignId] = Counter()

    async def add(self, chunk: Sequence[NewLead | Reject]) -> None:
        checked = [fitting(line, self.sheet.header, self.template) for line in chunk]
        holders = await self._holders([line for line in checked if isinstance(line, NewLead)])
        fates = [self._fate(line, holders.get(line.source_line, set())) for line in checked]
        self.loading.count(checked, fates)

    async def _holders(self, leads: Sequence[NewLead]) -> dict[int, set[CampaignId]]:
        """The campaigns that have it, by line."""
        if self.known is None:
            return {}
        hashes = [self.known.key.number_hash(line.number) for line in leads]
        found = await self.known.books.holders(hashes)
        return {line.source_line: found[each] for line, each in zip(leads, hashes, strict=True) if each in found}

    def _fate(self, line: NewLead | Reject, holders: set[CampaignId]) -> LineFate:
        if isinstance(line, NewLead):
            if self.own in holders:
                return LineFate.KNOWN
            if self.seen.is_new(line.number):
                self._new(line, holders)
                return LineFate.NEW
            cure = "the same number as on an earlier line, which is called; nothing to do"
            value, reason = line.number.e164, RejectReason.DUPLICATE
            line = Reject(line.source_line, self.sheet.phone_column, value, reason, cure, line.cells)
        some = self.examples.setdefault(line.reason, [])
        if len(some) < EXAMPLES:
            some.append(line)
        return LineFate.REJECTED

    def _new(self, line: NewLead, holders: set[CampaignId]) -> None:
        country, kind = country_and_kind(line.number)
        self.countries[country] += 1
        self.kinds[kind] += 1
        self.elsewhere.update(holders)

    async def by_name(self) -> dict[str, int]:
        """`elsewhere` in words."""
        if self.known is None:
            return {}
        names = {each.id: each.name for each in await self.known.books.campaigns()}
        return {names[each]: count for each, count in self.elsewhere.most_common()}
