"""A Parquet file as a table. Called by `sheet`.

It has no lines and its names stand apart: `source_line` is the row's number, the first being 1.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaign.errors import ListError, UsageError
from campaign.intake import table
from campaign.intake.table import Row, Rows, without_nul
from campaign.intake.workbook import as_text


def read_parquet(path: Path, name: str) -> "ParquetTable":
    """Raises ListError for what cannot be read, UsageError where the package is missing."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise UsageError("Parquet files need one package more.", "pip install pyarrow") from None
    return ParquetTable(path, name, ParquetFile, ArrowException)


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """`open` and `invalid` are the library's, which is only there for those who need it."""

    path: Path
    name: str
    open: Callable[[Path], Any]
    invalid: type[Exception]

    @property
    def part(self) -> str:
        return ""

    @property
    def told(self) -> str:
        return "Parquet"

    def first(self) -> list[Row]:
        """The names, as line 0, and some rows."""
        with self._opened() as file:
            names = Row(0, tuple(file.schema_arrow.names))
        without_nul(Rows([0], [[name] for name in names.cells]), self.name)
        for _, found in self.rows(len(names.cells), 0):
            some = zip(found.lines[: table.PEEK], zip(*found.columns, strict=True), strict=False)
            return [names, *(Row(line, cells) for line, cells in some)]
        return [names]

    def rows(self, width: int, after: int) -> Iterator[tuple[int, Rows]]:
        size, line = self.path.stat().st_size, after
        with self._opened() as file:
            for batch in file.iter_batches(table.CHUNK):
                lines = range(line + 1, line + 1 + batch.num_rows)
                line = lines[-1] if lines else line
                columns = [[as_text(cell) for cell in column.to_pylist()] for column in batch.columns]
                assert len(columns) == width, "a Parquet file has one width"
                yield size * line // file.metadata.num_rows, without_nul(Rows(lines, columns), self.name)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            with self.open(self.path) as file:
                yield file
        except (self.invalid, UnicodeDecodeError, OSError):
            raise ListError("it cannot be read as a Parquet file.", "Export it again.", file=self.name) from None
