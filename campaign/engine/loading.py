"""A file's lines on their way into the ledger, while callbacks and calls go on."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from campaign.core import custom_field
from campaign.core.records import (
    ImportId,
    ImportRecord,
    LineFate,
    NewImport,
    NewLead,
    Reject,
    RejectReason,
)
from campaign.ports import Store

Lines = Iterator[Sequence[NewLead | Reject]]


@dataclass(slots=True)
class Loading:
    """A file that has been read; nothing of it is visible until `Store.finish_import`.

    `first`: the line of the first reject of each reason. `passed_over`: numbers that cannot be called, of new leads
    with one that can.
    """

    id: ImportId
    fates: Counter[LineFate] = field(default_factory=Counter)
    reasons: Counter[RejectReason] = field(default_factory=Counter)
    first: dict[RejectReason, int] = field(default_factory=dict)
    passed_over: Counter[RejectReason] = field(default_factory=Counter)

    @property
    def new(self) -> int:
        return self.fates[LineFate.NEW]

    @property
    def known(self) -> int:
        return self.fates[LineFate.KNOWN] + self.changed

    @property
    def changed(self) -> int:
        return self.fates[LineFate.CHANGED]

    @property
    def rejects(self) -> int:
        return self.fates[LineFate.REJECTED]

    @property
    def commonest(self) -> str:
        """The three commonest reasons, each with how often and where first."""
        three = self.reasons.most_common(3)
        return ", ".join(
            f"{count} {reason.replace('_', ' ')} ({'first on ' if count > 1 else ''}line {self.first[reason]})"
            for reason, count in three
        )

    def count(self, lines: Sequence[NewLead | Reject], fates: Sequence[LineFate]) -> None:
        """What became of each of these lines."""
        self.fates.update(fates)
        for line, fate in zip(lines, fates, strict=True):
            if fate is LineFate.NEW:
                if isinstance(line, NewLead) and line.passed_over:
                    self.passed_over.update(reason for _, reason in line.passed_over)
            elif fate is LineFate.REJECTED:
                self.reasons[_reason(line)] += 1
                self.first.setdefault(_reason(line), line.source_line)


async def load(
    store: Store, new: NewImport, lines: Lines, template: str, giving_up: Callable[[], None] | None = None
) -> Loading | ImportRecord:
    """Read all of it. `template`: `[provider] custom_field`; a line for which it grows too long is a reject.

    `giving_up` is called before what was loaded is taken away again, which takes a while.
    The earlier import's record if the campaign has these very bytes already. Raises ListError where the file turns out
    to be broken; then nothing of it stays.
    """
    begun = await store.begin_import(new)
    if isinstance(begun, ImportRecord):
        return begun
    loading = Loading(begun)
    gc.freeze()  # the libraries are no garbage: each look through them was 50 ms in which no callback was answered
    try:
        while chunk := await asyncio.to_thread(next, lines, None):
            checked = fitting(chunk, new.header, template)
            loading.count(checked, await store.add_lines(begun, checked))
    except BaseException:
        if giving_up:
            giving_up()
        await store.discard_import(begun, new.at)
        raise
    return loading


def _reason(line: NewLead | Reject) -> RejectReason:
    """A line that reads as a lead and was rejected all the same was there before."""
    return line.reason if isinstance(line, Reject) else RejectReason.DUPLICATE


def fitting(lines: Sequence[NewLead | Reject], header: Sequence[str], template: str) -> Sequence[NewLead | Reject]:
    """The lines, with a reject where CustomField would grow too long."""
    varies = bool(custom_field.columns_used(template))
    return [_fitting(line, header, template) for line in lines] if varies else lines


def _fitting(line: NewLead | Reject, header: Sequence[str], template: str) -> NewLead | Reject:
    if isinstance(line, Reject):
        return line
    length = custom_field.length(template, dict(zip(header, line.cells, strict=False)))
    if length <= custom_field.LONGEST:
        return line
    return Reject(
        source_line=line.source_line,
        column=", ".join(custom_field.columns_used(template)),
        value=f"{length} characters",
        reason=RejectReason.FIELD_TOO_LONG,
        suggestion=f"Exotel's CustomField takes {custom_field.LONGEST} characters; shorten these cells",
        cells=line.cells,
    )
