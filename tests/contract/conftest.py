"""Every backend goes through the same suite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from campaign.core.lead import CampaignId
from campaign.store import schema
from tests.contract.store import BACKENDS, Bench


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: the migrations take longer than any test of what they make."""
    file = tmp_path_factory.mktemp("schema") / "empty.db"
    schema.prepare(file)
    return file


@pytest.fixture(params=BACKENDS)
async def bench(request: pytest.FixtureRequest, empty_database: Path, tmp_path: Path) -> AsyncIterator[Bench]:
    async with BACKENDS[request.param](empty_database, tmp_path) as made:
        yield made


@pytest.fixture
async def spring(bench: Bench) -> CampaignId:
    """A running campaign without leads."""
    return await bench.campaign()
