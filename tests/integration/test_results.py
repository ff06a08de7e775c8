"""The last words of a run."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest

from campaign import settings
from campaign.cli import results
from campaign.cli.places import Found
from campaign.core.lead import CampaignId
from campaign.core.records import LeadRecord
from campaign.engine.run import Ending
from campaign.store.insight import Books
from tests.integration.house import a_house


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def which(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """A signal that the program takes for Ctrl-C."""
    before = signal.signal(request.param, signal.default_int_handler)
    yield request.param
    signal.signal(request.param, before)


def test_ctrl_c_while_the_files_are_written_leaves_with_a_word_on_how_to_have_them(
    tmp_path: Path,
    which: signal.Signals,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_books: Books, _campaign: CampaignId) -> AsyncIterator[Sequence[LeadRecord]]:
        signal.raise_signal(which)
        return nothing()

    async def end() -> None:
        async with a_house(tmp_path, leads=1) as house:
            monkeypatch.setattr(Books, "leads", interrupted)
            found = Found(settings.load(db=house.file), house.file, house.campaign)
            async with house.books.snapshot() as still:
                await results.finish(still, found, Ending.DONE, tmp_path / "report")

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(end())
    assert "`campaign report leads --db " in capsys.readouterr().err
    assert not list(tmp_path.glob("report/*"))


async def nothing() -> AsyncIterator[Sequence[LeadRecord]]:
    """Leads that nobody comes to read."""
    await asyncio.get_running_loop().create_future()
    yield ()
