"""What running a list would come to: `campaign check`. Nothing is written, and a database is only read."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
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
from campaign.store.known import newer
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
        changed=loading.changed,
        rejects=by_reason(loading.reasons),
        passed_over=by_reason(loading.passed_over),
    )
    refusal = refusal_of(loading, settings.list.max_rejects, sheet, first_file=before is None)
    course = await known.books.course(before.id) if known and before else Course()
    by_name = await checking.by_name()
    return Checked(taken, checking.examples, checking.kinds, checking.countries, by_name, refusal, course)


@dataclass(frozen=True, slots=True)
class There:
    """Who has a line's number as a lead's first; its `columns` in the campaign that the list would be run as."""

    holders: Collection[CampaignId] = ()
    columns: Mapping[str, str] | None = None


NOT_THERE = There()


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
        checked = fitting(chunk, self.sheet.header, self.template)
        there = await self._there([line for line in checked if isinstance(line, NewLead)])
        fates = [self._fate(line, there.get(line.source_line, NOT_THERE)) for line in checked]
        self.loading.count(checked, fates)

    async def _there(self, leads: Sequence[NewLead]) -> dict[int, There]:
        """What the database has, by line."""
        if self.known is None:
            return {}
        books, hashes = self.known.books, [self.known.key.number_hash(line.number) for line in leads]
        found = await books.holders(hashes)
        newest = await books.newest_columns(self.own, [each for each in found if self.own in found[each]])
        return {
            line.source_line: There(found[each], newest.get(each))
            for line, each in zip(leads, hashes, strict=True)
            if each in found
        }

    def _fate(self, line: NewLead | Reject, there: There) -> LineFate:
        if isinstance(line, NewLead):
            first = self.seen.is_new(line.number)
            if there.columns is not None:
                return self._known(line, there.columns) if first else LineFate.KNOWN  # as the store has it
            if first:
                self._new(line, there.holders)
                return LineFate.NEW
            cure = "the same number as on an earlier line, which is called; nothing to do"
            value, reason = line.number.e164, RejectReason.DUPLICATE
            line = Reject(line.source_line, self.sheet.phone_column, value, reason, cure, line.cells)
        some = self.examples.setdefault(line.reason, [])
        if len(some) < EXAMPLES:
            some.append(line)
        return LineFate.REJECTED

    def _known(self, line: NewLead, columns: Mapping[str, str]) -> LineFate:
        now = dict(zip(self.sheet.header, line.cells, strict=True))
        return LineFate.CHANGED if newer(columns, now, apart=self.sheet.phone_column) else LineFate.KNOWN

    def _new(self, line: NewLead, holders: Collection[CampaignId]) -> None:
        country, kind = country_and_kind(line.number)
        self.countries[country] += 1
        self.kinds[kind] += 1
        if holders:
            self.elsewhere.update(holders)

    async def by_name(self) -> dict[str, int]:
        """`elsewhere` in words."""
        if self.known is None:
            return {}
        names = {each.id: each.name for each in await self.known.books.campaigns() if not each.test_call}
        return {names[each]: count for each, count in self.elsewhere.most_common() if each in names}
