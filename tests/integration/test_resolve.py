"""`campaign unknown resolve`: a person's word is kept with its reason, and cannot be given twice."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.cli.main import app
from campaign.core.attempt import Disposition
from campaign.core.events import InDoubt
from campaign.errors import UsageError
from campaign.store import keyfile, schema
from tests.builders import CALL, NOON, seconds
from tests.integration.happening import OTHER_CALL, Desk, write

REASON = "call logs of 4 March, 12:00"
ALL_SAY = [
    ((f"--placed={CALL}",), f"Attempt 1: a person found it at the provider, as the call {CALL} ({REASON})."),
    (("--not-placed",), f"Attempt 1: a person knows that it was never placed ({REASON}); it does not count as a call."),
    (("--write-off",), f"Attempt 1 was given up by a person ({REASON})."),
]

Type = Callable[..., str]


async def in_doubt(desk: Desk) -> None:
    await desk.record(await desk.send(), InDoubt(NOON + seconds(5), "connection lost"))


@pytest.fixture
def database(empty_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = shutil.copytree(empty_home, tmp_path / "home")
    monkeypatch.chdir(home)
    return home / "campaign.db"


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new database and its key, made once."""
    file = tmp_path_factory.mktemp("empty") / "campaign.db"
    schema.prepare(file)
    keyfile.load(file, None, make=True)
    return file.parent


@pytest.fixture
def types(capsys: pytest.CaptureFixture[str]) -> Type:
    def type_in(*command: str) -> str:
        app([*command, "--db", "campaign.db"], standalone_mode=False)
        return capsys.readouterr().out

    return type_in


def resolve(types: Type, *finding: str) -> str:
    public_id = types("unknown", "list").split()[0]
    return types("unknown", "resolve", public_id, *finding, "--reason", REASON)


@pytest.mark.parametrize(("finding", "told"), ALL_SAY)
def test_a_word_is_kept_with_its_reason_and_explain_tells_it(
    database: Path, types: Type, finding: tuple[str], told: str
) -> None:
    write(database, in_doubt)
    assert resolve(types, *finding).startswith("Settled: +919812300001.")
    assert told in types("explain", "9812300001")


@pytest.mark.parametrize(("finding", "_told"), ALL_SAY)
def test_no_word_is_given_twice(database: Path, types: Type, finding: tuple[str], _told: str) -> None:
    write(database, in_doubt)
    public_id = types("unknown", "list").split()[0]
    resolve(types, *finding)
    for again, _ in ALL_SAY:
        with pytest.raises(UsageError, match="No call in doubt is called"):
            types("unknown", "resolve", public_id, *again, "--reason", "another")
    assert types("explain", "9812300001").count(REASON) == 1


def test_the_call_of_another_attempt_is_refused_in_plain_words(database: Path, types: Type) -> None:
    async def another_was_busy(desk: Desk) -> None:
        await desk.ring(NOON, Disposition.BUSY, OTHER_CALL)
        doubtful = await desk.send(NOON + seconds(3600))
        await desk.record(doubtful, InDoubt(NOON + seconds(3605), "connection lost"))

    write(database, another_was_busy)
    with pytest.raises(UsageError, match="Nothing was changed: that Sid is another attempt's call"):
        resolve(types, f"--placed={OTHER_CALL}")
    assert "connection lost" in types("explain", "9812300001")
