"""Ablations of the doors: the receiver of callbacks, hammered by letters of part 5, and the owner's own door."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from campaign.core.keyed import Key
from campaign.core.lead import CampaignId
from campaign.core.records import CallbackFate, Owner
from campaign.engine.callbacks import Callbacks
from campaign.errors import CampaignError
from campaign.store import inbox, lock
from campaign.web import callbacks as callbacks_room
from campaign.web import door
from campaign.web.serving import serving
from tests.builders import NOON
from tests.integration.house import FREELY, a_house, ending, sid
from tests.prove import fuzz_corpus, fuzz_web
from tests.prove.ablations_kit import Ablation, here, swapped
from tests.prove.fuzz_limits import Findings

TOO_LARGE = 500_000
"""Bytes, for a callback, whatever the product thinks of it."""


@here
async def letters(folder: Path) -> Sequence[str]:
    """Part 5: every body of the corpus, whole and compressed, to the right address and to wrong ones."""
    found = Findings(folder / "inputs")
    async with fuzz_web.a_site(folder) as site:
        for place, body in enumerate(fuzz_corpus.callbacks()):
            for letter in (fuzz_web.plain(body, fuzz_corpus.MULTIPART), _packed(body)):
                await fuzz_web.feed(letter, site, Random(place), found)
        await fuzz_web.feed(_large(), site, Random(0), found)
    return list(found.failures.values())


def _packed(body: bytes) -> fuzz_web.Letter:
    lines = [b"Content-Length: %d" % len(body), b"Content-Encoding: gzip"]
    return fuzz_web.Letter(fuzz_web._head(fuzz_corpus.MULTIPART, lines), body, plain=False, mark="compressed")


def _large() -> fuzz_web.Letter:
    """By a measure of our own."""
    lines = [b"Content-Length: %d" % TOO_LARGE]
    return fuzz_web.Letter(
        fuzz_web._head(fuzz_corpus.MULTIPART, lines), b"x" * TOO_LARGE, plain=False, mark="too large"
    )


@here
async def a_thousand_times(folder: Path) -> Sequence[str]:
    """The same callback again and again, some of it before it was read."""
    async with a_house(folder, leads=1, rate=FREELY) as house:
        call, callbacks = await house.call(), house.desk().callbacks
        for _ in range(30):
            await callbacks.receive(call.public_id, "", ending(sid(1)))
        kept = len(await house.rows("inbox"))
    return [f"D4: one callback, sent 30 times, takes {kept} rows"] if kept > 1 else []


@here
async def wrong_token(folder: Path) -> Sequence[str]:
    """Somebody on this machine knocks at the owner's door without its token."""
    wishes: list[CampaignId] = []

    async def pause(campaign: CampaignId, _more: door.Answer) -> door.Answer:
        wishes.append(campaign)
        return {}

    async with serving(door.application("the right token", {"pause": pause}), "127.0.0.1", 0) as port:
        with suppress(CampaignError):
            await door.knock(Owner(1, NOON, port, "another token"), "pause", CampaignId(7), {})
    return ["P3: whoever has no token is obeyed"] * len(wishes)


def two_owners(folder: Path) -> Sequence[str]:
    """A second process wants to own the database that a first one holds."""
    file, owners = lock.lock_file(folder / "campaign.db"), 0
    with lock.held(file, Owner(1, NOON), "The database"):
        owners += 1
        with suppress(CampaignError), lock.held(file, Owner(2, NOON), "The database"):
            owners += 1
    return ["C16: two processes own one database"] * (owners > 1)


async def _answers_first(self: Callbacks, *_: Any) -> CallbackFate:
    """And the process dies before it is on disk."""
    return CallbackFate.STORED


def _fits(*_: Any) -> bool:
    return True


def _never_alike() -> Any:
    """Two that are alike have different names."""
    names = count()
    return SimpleNamespace(sha256=lambda body: hashlib.sha256(body + str(next(names)).encode()))


_COMPARES_NOTHING = SimpleNamespace(compare_digest=_fits)

ABLATIONS = (
    Ablation("200 before the commit", swapped(Callbacks, "receive", _answers_first), letters, "not kept as it came"),
    Ablation("tag not checked", swapped(Key, "tag_fits", _fits), letters, "a stranger was heard"),
    Ablation("callbacks of any size", swapped(callbacks_room, "LARGEST", 2**30), letters, "too large was kept"),
    Ablation("repeats kept again", swapped(inbox, "hashlib", _never_alike()), a_thousand_times, "D4"),
    Ablation("door's token not checked", swapped(door, "hmac", _COMPARES_NOTHING), wrong_token, "P3"),
    Ablation("second owner let in", swapped(lock, "_taken", _fits), two_owners, "C16"),
)
