"""One power cut: which of the writes that were not synced got to the disk, and which did not.

A sector holds what it held after one of the writes to it; sectors, files and names do not wait for each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from tests.prove.power_disk import Disk, File, Write


class Way(StrEnum):
    """How much of what waits is on the disk."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    BEGINNING = "a beginning, the last write torn"
    ANY = "any sectors"


@dataclass(frozen=True, slots=True)
class Image:
    """The files that are there after the cut; `marks`: what it did to them."""

    files: Mapping[str, bytes]
    marks: frozenset[str]


@dataclass(slots=True)
class Cut:
    """A draw of one image."""

    way: Way
    luck: Random
    marks: set[str] = field(default_factory=set)
    _until: int = 0
    _chance: float = 0.5

    def image(self, disk: Disk) -> Image:
        orders = [naming.done for naming in disk.namings]
        orders += [write.done for file in disk.files for write in file.waiting]
        self._until = self.luck.choice(orders) if orders else 0
        self._chance = self.luck.choice((0.1, 0.5, 0.9))
        names = dict(disk.names)
        for naming in disk.namings:
            if self._kept(naming.done):
                names.update(naming.names)
            else:
                self.marks.add("name lost" if naming.gives else "removal lost")
        files = {name: bytes(self._content(file)) for name, file in names.items() if file}
        return Image(files, frozenset(self.marks))

    def _kept(self, order: int) -> bool:
        match self.way:
            case Way.NOTHING:
                return False
            case Way.EVERYTHING:
                return True
            case Way.BEGINNING:
                return order < self._until
            case Way.ANY:
                return self.luck.random() < self._chance

    def _content(self, file: File) -> bytearray:
        data = bytearray(file.synced)
        if self.way is Way.ANY:
            return self._any(file, data)
        for write in file.waiting:
            if self._kept(write.done):
                _put(write, data, list(write.sectors))
            elif self.way is Way.BEGINNING and write.done == self._until:
                self._torn(write, data)
            else:
                self.marks.add("lost")
        return data

    def _torn(self, write: Write, data: bytearray) -> None:
        sectors = list(write.sectors)
        kept = [sector for sector in sectors if self.luck.random() < 0.5]
        _put(write, data, kept)
        if 0 < len(kept) < len(sectors):
            self.marks.add("torn")

    def _any(self, file: File, data: bytearray) -> bytearray:
        """Each sector as one of the writes to it left it."""
        left: dict[int, int] = {}
        for write in file.waiting:
            for sector in write.sectors:
                left[sector] = left.get(sector, 0) + 1
        for sector, writes in left.items():
            left[sector] = writes if self._kept(0) else self.luck.randrange(writes)
        a_lost_one = False
        for write in file.waiting:
            sectors = list(write.sectors)
            kept = [sector for sector in sectors if left[sector] > 0]
            for sector in sectors:
                left[sector] -= 1
            _put(write, data, kept)
            self._mark(len(kept), len(sectors), after_a_lost_one=a_lost_one)
            a_lost_one |= len(kept) < len(sectors)
        return data

    def _mark(self, kept: int, of: int, *, after_a_lost_one: bool) -> None:
        if not kept:
            self.marks.add("lost")
        elif kept < of:
            self.marks.add("torn")
        if kept and after_a_lost_one:
            self.marks.add("reordered")


def _put(write: Write, data: bytearray, sectors: list[int]) -> None:
    for sector in sectors:
        write.put(data, sector)
