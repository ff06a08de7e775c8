"""The four files of a report, written in one pass over the ledger, a chunk of lines at a time. Called by the CLI.

Leads, attempts, rejects and totals all come from the same lines, so they cannot contradict each other.
"""

import csv
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO
from zoneinfo import ZoneInfo

import pandas as pd

from campaign.core.records import CampaignRecord, LeadRecord
from campaign.errors import CampaignError
from campaign.ports import Insight
from campaign.report.lines import Line, in_chunks, lines
from campaign.report.rows import (
    ATTEMPT_COLUMNS,
    LEAD_COLUMNS,
    REJECT_COLUMNS,
    OwnColumns,
    Style,
    attempt_row,
    lead_row,
    reject_row,
    rejected_row,
)
from campaign.report.safe import safe
from campaign.report.summary import Summary, document

_CHUNK = 2_000  # lines


@dataclass(frozen=True, slots=True)
class Files:
    """Where the files of a report are."""

    leads: Path
    attempts: Path
    rejects: Path
    summary: Path


@dataclass(frozen=True, slots=True)
class Drafts:
    """The same files, open, before anybody sees them."""

    leads: TextIO
    attempts: TextIO
    rejects: TextIO
    summary: TextIO


async def write(
    insight: Insight,
    campaign: CampaignRecord,
    out: Path,
    *,
    zone: ZoneInfo,
    provider_zone: ZoneInfo | None = None,
    reached_after: timedelta,
    currency: str = "INR",
) -> Files:
    """Write the report into the folder `out` (0700 when new), each file 0600, whole, or not at all.

    The same ledger gives the same bytes. CSV by RFC 4180 with LF, UTF-8. `zone`: of the times in the files;
    `provider_zone`: in which the provider tells its own, if another.
    Raises `CampaignError` where the folder cannot be written; what stood there before still stands then.
    """
    style = Style(zone, currency, provider_zone)
    counted = Summary(await insight.imports(campaign.id), reached_after)
    own = OwnColumns(file.header for file in counted.files)
    names = Files(out / "leads.csv", out / "attempts.csv", out / "rejects.csv", out / "summary.json")
    try:
        with _drafts(names, out) as drafts:
            _head(drafts, own)
            async for chunk in in_chunks(lines(insight, campaign.id, counted.files), _CHUNK):
                _add(drafts, chunk, own, style)
                for line in chunk:
                    counted.add(line)
            json.dump(document(counted, campaign, currency), drafts.summary, ensure_ascii=False, indent=2)
            drafts.summary.write("\n")
    except OSError as broken:
        raise CampaignError(
            f"The report cannot be written to {out}: {broken.strerror or broken}.",
            "Make room or choose another folder with --out, then `campaign report`.",
        ) from broken
    return names


def _head(drafts: Drafts, own: OwnColumns) -> None:
    _append(drafts.leads, [[*LEAD_COLUMNS, *own.names]])
    _append(drafts.attempts, [ATTEMPT_COLUMNS])
    _append(drafts.rejects, [REJECT_COLUMNS])


def _add(drafts: Drafts, chunk: Sequence[Line], own: OwnColumns, style: Style) -> None:
    leads, attempts, rejects = [], [], []
    for line in chunk:
        if isinstance(line, LeadRecord):
            leads.append(lead_row(line, style) + own.row(line.header, line.cells))
            attempts += [attempt_row(one, style) for one in line.attempts]
        else:
            leads.append(rejected_row(line) + own.row(line.header, line.reject.cells))
            rejects.append(reject_row(line.source_file, line.reject))
    _append(drafts.leads, leads)
    _append(drafts.attempts, attempts)
    _append(drafts.rejects, rejects)


def _append(draft: TextIO, rows: Sequence[Sequence[str]]) -> None:
    cells = [[safe(cell) for cell in row] for row in rows]
    # csv quotes a line feed, our line end, but not a lone carriage return, which readers take for one.
    bare = any("\r" in cell for row in cells for cell in row)
    pd.DataFrame(cells, dtype=object).to_csv(
        draft,
        header=False,
        index=False,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL,
    )


@contextmanager
def _drafts(names: Files, folder: Path) -> Iterator[Drafts]:
    """Drafts that take the place of the files, all four, once all four are on disk; none of them if anything fails."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".draft-", dir=folder) as hidden, ExitStack() as closing:
        final = [names.leads, names.attempts, names.rejects, names.summary]
        paths = [Path(hidden, name.name) for name in final]
        drafts = [closing.enter_context(_private(path)) for path in paths]
        yield Drafts(*drafts)
        for draft in drafts:
            draft.flush()
            os.fsync(draft.fileno())
        for path, name in zip(paths, final, strict=True):
            path.replace(name)
        _sync(folder)


def _private(path: Path) -> TextIO:
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(opened, "w", encoding="utf-8", newline="")


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
