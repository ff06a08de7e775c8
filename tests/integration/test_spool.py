"""A list from a pipe is a file for as long as it is needed, and nobody else's to read."""

import stat
from io import BytesIO
from pathlib import Path

import pytest

from campaign.wiring import spool


def test_what_came_is_a_private_file_beside_the_database_until_it_is_done_with(tmp_path: Path) -> None:
    with spool.spooled(BytesIO(b"phone\n"), tmp_path / "a.db") as file:
        assert (file.parent, file.read_bytes()) == (tmp_path, b"phone\n")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.iterdir())


def test_it_is_gone_after_a_failure_too(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), spool.spooled(BytesIO(b"phone\n"), tmp_path / "a.db"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_what_a_dead_process_left_is_swept_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    (tmp_path / "a.db.list-left").write_bytes(b"phone\n")
    (tmp_path / "b.db.list-left").write_bytes(b"phone\n")
    with spool.spooled(BytesIO(b""), database) as file:
        assert spool.sweep(database) == 1
        assert sorted(tmp_path.iterdir()) == sorted([file, tmp_path / "b.db.list-left"])
