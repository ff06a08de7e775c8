"""A channel is never leaked: one campaign in which every fault of the simulator hits somebody."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign import settings
from campaign.core.lead import PhoneNumber
from campaign.core.records import NewImport, NewLead
from campaign.engine.desk import Desk
from campaign.provider.exotel import requests
from campaign.settings import Loaded, Secrets
from campaign.simulator.faults import Fault
from campaign.wiring import floor, owner
from campaign.wiring.owner import Simulation, owning
from tests.integration.leaps import Leaps

CHANNELS = 3
RULES: dict[str, Any] = {
    "provider": {
        "caller_id": "08012300000",
        "flow_url": "http://my.exotel.com/simulated/exoml/start_voice/1",
        "ring_timeout": "5s",
        "time_limit": "30s",
        "margin": "10s",
    },
    "pace": {"rate": "6000/min", "channels": CHANNELS},
    "retry": {"max_attempts": 1},
    "callbacks": {"public_url": "http://127.0.0.1", "poll_after": "10s"},
    "report": {"details_for": "1s", "settle_for": "1m"},
    "window": {"hours": "00:00-24:00"},
}
SHUT = [Fault.REFUSED, Fault.CLOSED_AT_ACCEPT, Fault.LIMITED, Fault.LIMITED_SILENT]
"""They keep everybody out for a while."""
LATE = [Fault.CALLBACK_LATE, Fault.CALLBACK_REORDERED]
FAULTS = sorted(Fault, key=lambda fault: (fault in SHUT, fault not in LATE))
"""One for each number, in the order in which they are called: late callbacks come while the run goes on."""


def town(folder: Path, numbers: Sequence[str]) -> Path:
    """Each number has a fault of its own; the list shifts beneath everybody."""
    own = dict(zip(FAULTS, numbers, strict=True))
    rules = [f'{fault} = {{only = "{number}", first_n = 1}}' for fault, number in own.items()]
    for late in LATE:
        rules[FAULTS.index(late)] = f'{late} = {{by = "15s", only = "{own[late]}"}}'
    rules[FAULTS.index(Fault.LIST_SHIFTS)] = f"{Fault.LIST_SHIFTS} = 1.0"
    file = folder / "town.toml"
    file.write_text("\n".join(['answers_after = ["1s", "3s"]', 'talks_for = ["2s", "20s"]', "[faults]", *rules]))
    return file


async def test_every_fault_gives_its_channel_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [f"+9198123{number:05d}" for number in range(1, len(FAULTS) + 1)]
    desks: list[Desk] = []

    def noted(*about: Any, **more: Any) -> Desk:
        desks.append(Desk(*about, **more))
        return desks[-1]

    monkeypatch.setattr(floor, "Desk", noted)
    monkeypatch.setattr(owner, "FastClock", Leaps)
    monkeypatch.setattr(requests, "PAGE_SIZE", 10)
    loaded = Loaded(settings.parse(RULES, "the test"), Secrets(), None)
    simulation = Simulation(speed=60, town=town(tmp_path, numbers))
    async with owning(loaded, tmp_path / "campaign.db", make=True, simulation=simulation) as house:
        assert isinstance(house.clock, Leaps)
        house.clock.writing = lambda: house.store.busy or house.books.busy
        campaign = await house.open("spring", loaded.settings)
        begun = await house.store.begin_import(
            NewImport(campaign.id, "a.csv", "0" * 64, ("phone",), "phone", house.clock.now())
        )
        assert isinstance(begun, int)
        await house.store.add_lines(
            begun, [NewLead(line, PhoneNumber(each), ("",)) for line, each in enumerate(numbers, 2)]
        )
        await house.store.finish_import(begun, house.clock.now())
        await floor.dial(house, campaign, limit=None, show=lambda _: None, every=timedelta(seconds=1))
        [desk] = desks
        attempts = [each.attempt async for chunk in house.books.attempts(campaign.id) for each in chunk]
        assert set(desk.channels._ends) == {each.id for each in attempts if each.alive}
    log = (tmp_path / "campaign.db.simulator.jsonl").read_text().splitlines()
    happened = {line["name"] for line in map(json.loads, log) if line["kind"] == "fault"}
    assert set(Fault) - happened == set()
