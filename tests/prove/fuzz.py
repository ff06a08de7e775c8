"""Fuzz: damaged callbacks, answers and lists, each for a while. Nothing breaks, and every input costs a bounded time.

The n-th input of a seed is always the same. An input that broke something is kept as a file, and named.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from itertools import count, repeat
from pathlib import Path
from random import Random

from campaign.provider.exotel.wire import Answer
from tests.builders import NOON
from tests.prove import fuzz_answers, fuzz_corpus, fuzz_lists, fuzz_web
from tests.prove.fuzz_limits import Findings
from tests.prove.fuzz_mutator import mutate
from tests.prove.part import Extent, Proved, memory, regressions
from tests.prove.workers import workers

PART = "fuzz"
AT_ONCE = 2
FEWEST = 60
"""Inputs, however slow the machine: each file of the corpus comes by itself before."""


def prove(extent: Extent) -> Proved:
    """Each kind for a minute, side by side: answers and the reading of callbacks, lists, callbacks over HTTP."""
    found = Findings(Path(tempfile.gettempdir()) / "campaign-fuzz")
    if extent.slice:
        parts = [_fed(kind, extent, found.folder) for kind in KINDS]
    else:
        with workers(AT_ONCE) as pool:
            parts = list(pool.map(_fed, KINDS, repeat(extent), repeat(found.folder)))
    for part in parts:
        found.figures += part.figures
        found.failures |= part.failures
    found.never("answer", fuzz_answers.marks())
    found.never("callback", iter(fuzz_answers.CALLBACK_MARKS))
    found.never("list", iter(fuzz_lists.MARKS))
    found.never("web", iter(fuzz_web.MARKS))
    return Proved(PART, found.figures, list(found.failures.values()))


def _fed(kind: str, extent: Extent, kept: Path) -> Findings:
    """What inputs of one kind came to: the corpus, then what is drawn from the seeds."""
    found, seeds = Findings(kept), [extent.seed, *map(int, regressions(PART))]
    seconds = extent.pick(1, 120, 7_200) / 2 / len(seeds)
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        for seed in seeds:
            KINDS[kind](seed, seconds, Path(folder), found)
    return found


def _drawn(kind: str, seed: int, seconds: float) -> Iterator[Random]:
    """The luck of one input after the other, for so long."""
    end = time.monotonic() + seconds
    for number in count():
        if number >= FEWEST and time.monotonic() > end:
            return
        yield Random(f"{kind}/{seed}/{number}")


def _feed_wire(seed: int, seconds: float, folder: Path, found: Findings) -> None:
    bodies, callbacks = fuzz_corpus.answers(), fuzz_corpus.callbacks()
    for body in bodies:
        for status in (200, 400, 403, 404):
            fuzz_answers.feed_answer(Answer(status, {}, body, NOON), found)
    for body in callbacks:
        for kind in fuzz_corpus.CONTENT_TYPES:
            fuzz_answers.feed_callback(kind, body, found)
    for luck in _drawn("wire", seed, seconds):
        fuzz_answers.feed_answer(fuzz_answers.an_answer(luck, bodies), found)
        body = mutate(luck.choice(callbacks), callbacks, luck)
        fuzz_answers.feed_callback(fuzz_answers.a_content_type(luck), body, found)


def _feed_lists(seed: int, seconds: float, folder: Path, found: Findings) -> None:
    sheets, file = fuzz_corpus.lists(), folder / "leads.csv"
    for sheet in sheets:
        fuzz_lists.feed(sheet, file, found)
    for luck in _drawn("list", seed, seconds):
        sheet = min(luck.choice(sheets), luck.choice(sheets), key=len)  # small ones are soon done
        fuzz_lists.feed(mutate(sheet, sheets, luck), file, found)


def _feed_web(seed: int, seconds: float, folder: Path, found: Findings) -> None:
    (office := folder / str(seed)).mkdir()
    asyncio.run(_over_http(seed, seconds, office, found))


async def _over_http(seed: int, seconds: float, folder: Path, found: Findings) -> None:
    bodies = fuzz_corpus.callbacks()
    async with fuzz_web.a_site(folder) as site:
        for body in bodies:
            await fuzz_web.feed(fuzz_web.plain(body, fuzz_corpus.MULTIPART), site, Random(seed), found)
        for request in fuzz_corpus.found("web"):
            await fuzz_web.feed(fuzz_web.once(request), site, Random(seed), found)
        for luck in _drawn("web", seed, seconds):
            letter = fuzz_web.a_letter(luck, bodies, fuzz_answers.a_content_type(luck))
            await fuzz_web.feed(letter, site, luck, found)
        await fuzz_web.read(site, found)


KINDS = {"wire": _feed_wire, "lists": _feed_lists, "web": _feed_web}
