"""Every line of a campaign's files that has a story of its own, leads and rejects, in the order of the files.

The ledger tells leads and rejects apart; a report tells them together. Called by `files` and `summary`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from itertools import chain, repeat
from typing import TypeVar

from campaign.core.lead import CampaignId
from campaign.core.records import ImportRecord, LeadRecord, RejectRecord
from campaign.ports import Insight

Line = LeadRecord | RejectRecord
Place = tuple[int, int]
"""Which file, counted from 0, and which line of it."""
T = TypeVar("T")


async def lines(insight: Insight, campaign: CampaignId, files: Sequence[ImportRecord]) -> AsyncIterator[Line]:
    """Leads and rejects of these files merged, in order of file and line; one of each is held at a time."""
    leads = _placed(insight.leads(campaign), [file.new for file in files], lambda lead: lead.source_line)
    rejects = _placed(insight.rejects(campaign), [file.rejects for file in files], lambda one: one.reject.source_line)
    lead, reject = await anext(leads, None), await anext(rejects, None)
    while lead or reject:
        if lead and (not reject or lead[0] < reject[0]):
            yield lead[1]
            lead = await anext(leads, None)
        elif reject:
            yield reject[1]
            reject = await anext(rejects, None)


async def in_chunks(stream: AsyncIterator[T], size: int) -> AsyncIterator[list[T]]:
    """The stream, `size` at a time; the last chunk may be shorter."""
    chunk: list[T] = []
    async for one in stream:
        chunk.append(one)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _placed(
    chunks: AsyncIterator[Sequence[T]], per_file: Sequence[int], line_of: Callable[[T], int]
) -> AsyncIterator[tuple[Place, T]]:
    # Two files of a campaign may bear one name (a list that grew): a record's file is known by counting.
    files = chain.from_iterable(repeat(file, count) for file, count in enumerate(per_file))
    async for chunk in chunks:
        for record, file in zip(chunk, files, strict=False):  # in this order: a chunk's end must not use up a file
            yield (file, line_of(record)), record
