"""Lists from outside: what is said of them before the first call, through a pipe, and interrupted while they load."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import xlsxwriter

from tests.acceptance.town import Tables, an_office, number, until

PLAIN: Tables = {"provider": {"custom_field": "{attempt}"}}
MANY = 40_000


def test_a_list_from_a_pipe_is_called_and_leaves_no_copy(tmp_path: Path) -> None:
    with an_office(tmp_path, settings=PLAIN) as office:
        office.pipe = tmp_path / "piped"
        office.pipe.write_bytes(f"Zoë;{number(1)}\nRavi;{number(2)}\nTara;\n".encode("cp1252"))
        command = ("run", "-", "--phone-column", "2", "--simulate", "--speed", "3600", "--accept-rejects")
        nameless = office.types(*command)
        assert nameless.code == 2, nameless
        assert "--name" in nameless.err
        run = office.types(*command, "--name", "piped")
        assert run.code == 0, run
        assert "stdin: Windows-1252 by its letters" in run.err
        assert "columns separated by semicolons; no header." in run.err
        assert "the numbers are in the column “2”, as named" in run.err.lower()
        assert f"line 1    {number(1)}      Zoë" in run.err
        rows = office.table("leads.csv", "reports/piped")
        assert [(row["source_file"], row["source_line"], row["1"]) for row in rows] == [
            ("stdin", "1", "Zoë"), ("stdin", "2", "Ravi"), ("stdin", "3", "Tara"),
        ]  # fmt: skip
        assert not list(tmp_path.glob("*.list-*"))


def _csv(path: Path) -> None:
    path.write_text("name,phone\n" + "".join(f"Asha {of},{number(of)}\n" for of in range(MANY)))


def _workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ("name", "phone"))
        for of in range(1, MANY // 2):
            page.write_row(of, 0, ("Asha", int(number(of))))


@pytest.mark.parametrize(("make", "name"), [(_csv, "leads.csv"), (_workbook, "leads.xlsx")])
def test_ctrl_c_while_a_list_is_loaded_leaves_nothing_behind(
    tmp_path: Path, make: Callable[[Path], None], name: str
) -> None:
    with an_office(tmp_path, settings=PLAIN) as office:
        make(tmp_path / name)
        before = {each.name for each in tmp_path.iterdir()}
        database = tmp_path / "campaign-simulated.db"

        def leads() -> int:
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as read:
                try:
                    return int(read.execute("SELECT count(*) FROM lead").fetchone()[0])
                except sqlite3.OperationalError:
                    return 0

        running = office.start("run", name, "--simulate")
        until(lambda: database.exists() and leads())
        running.send(signal.SIGINT)
        ended = running.ended()
        assert ended.code == 130, ended
        assert "Call" not in ended.err
        assert "Interrupted: nothing of the list was loaded." in ended.err
        assert {each.name for each in tmp_path.iterdir() if not each.name.startswith(".said-")} == before
