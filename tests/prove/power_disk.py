"""The disk under a process, rebuilt from its trace: what is on it for good, and what a power cut may still take.

`power` applies the calls in order; `power_image` draws what a cut leaves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.prove.power_trace import Call

DATABASE, WAL, JOURNAL, KEY = "campaign.db", "campaign.db-wal", "campaign.db-journal", "campaign.key"
WATCHED = (DATABASE, WAL, JOURNAL, KEY, f"{KEY}.new")  # -shm is no part of it: SQLite makes it anew
SECTOR = 512
SYNCS = ("fsync", "fdatasync")
_NOT_OF_FILES = ("sendto", "sendmsg", "recvfrom", "recvmsg")


@dataclass(frozen=True, slots=True)
class Write:
    """Of bytes at a place; with `size`, a change of the file's length instead."""

    at: int
    data: bytes
    done: int
    size: int | None = None

    @property
    def sectors(self) -> range:
        """Which it touches; a change of length is whole or not at all."""
        if self.size is not None:
            return range(-1, 0)
        return range(self.at // SECTOR, (self.at + len(self.data) + SECTOR - 1) // SECTOR)

    def put(self, into: bytearray, sector: int) -> None:
        """The part of it that lies in this sector."""
        if self.size is not None:
            del into[self.size :]
            into.extend(bytes(self.size - len(into)))
            return
        first = max(self.at, sector * SECTOR)
        part = self.data[first - self.at : (sector + 1) * SECTOR - self.at]
        into.extend(bytes(max(0, first + len(part) - len(into))))
        into[first : first + len(part)] = part


@dataclass(eq=False, slots=True)
class File:
    """One file, whatever its name: bytes that are synced, and writes that are not, in order."""

    synced: bytearray = field(default_factory=bytearray)
    waiting: list[Write] = field(default_factory=list)

    def sync(self, begun: int) -> None:
        """What had been written when the sync was asked for is there for good."""
        for write in self.waiting:
            if write.done <= begun:
                for sector in write.sectors:
                    write.put(self.synced, sector)
        self.waiting = [write for write in self.waiting if write.done > begun]


@dataclass(frozen=True, slots=True)
class Naming:
    """Names given to a file, or taken from it, by one call."""

    names: Mapping[str, File | None]
    done: int

    @property
    def gives(self) -> bool:
        return any(self.names.values())


class Disk:
    """One folder. `names`: synced ones; `namings`: those that are not, in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, File | None] = {}
        self.names: dict[str, File | None] = {}
        self.namings: list[Naming] = []

    @property
    def files(self) -> Iterator[File]:
        """Every file that a name may still lead to."""
        named = [self.names, *(naming.names for naming in self.namings)]
        return iter({id(file): file for names in named for file in names.values() if file}.values())

    def apply(self, call: Call) -> bool:
        """Whether it changed anything here. Raises ValueError for a change that cannot be replayed."""
        if call.name in _NOT_OF_FILES:
            return False
        if call.name in SYNCS and Path(call.path) == self._folder:
            self._sync_names(call)
            return True
        name = self._name(call)
        return name is not None and self._change(call, name)

    def now(self) -> Mapping[str, bytes]:
        """What a reader sees while the power is on."""
        whole = {}
        for name, file in self._seen.items():
            if file:
                whole[name] = bytearray(file.synced)
                for write in file.waiting:
                    for sector in write.sectors:
                        write.put(whole[name], sector)
        return {name: bytes(data) for name, data in whole.items()}

    def _name(self, call: Call) -> str | None:
        """Which of the watched files it is about."""
        if call.path and not call.path.startswith("/"):
            return None
        named = [call.opened] if call.name in ("openat", "creat") else [call.path]
        if call.name.startswith(("unlink", "rename", "link", "truncate")):
            named = [text.decode() for text in call.texts]
        paths = [self._folder / each for each in named]
        return next((path.name for path in paths if path.parent == self._folder and path.name in WATCHED), None)

    def _change(self, call: Call, name: str) -> bool:
        match call.name:
            case "openat" if not self._seen.get(name):
                self._give(Naming({name: File()}, call.done))
            case "openat":
                return False if "O_TRUNC" not in call.tail else self._resize(name, 0, call)
            case "unlink":
                self._give(Naming({name: None}, call.done))
            case "rename" if name == f"{KEY}.new":
                self._give(Naming({name: None, KEY: self._of(name)}, call.done))
            case "pwrite64":
                self._of(name).waiting.append(Write(call.numbers[-1], call.data, call.done))
            case "write" if name.startswith(KEY) and not any(write.data for write in self._of(name).waiting):
                self._of(name).waiting.append(Write(0, call.data, call.done))
            case "ftruncate":
                return self._resize(name, call.numbers[-1], call)
            case "fsync" | "fdatasync":
                self._of(name).sync(call.begun)
            case "mmap" if "MAP_SHARED" not in call.tail or "PROT_WRITE" not in call.tail:
                return False
            case _:
                raise ValueError(f"line {call.begun} of the trace: {call.name} of {name} cannot be replayed")
        return True

    def _of(self, name: str) -> File:
        file = self._seen[name]
        assert file is not None, f"{name} is written, so it is there"
        return file

    def _resize(self, name: str, size: int, call: Call) -> bool:
        self._of(name).waiting.append(Write(0, b"", call.done, size))
        return True

    def _give(self, naming: Naming) -> None:
        self._seen.update(naming.names)
        self.namings.append(naming)

    def _sync_names(self, call: Call) -> None:
        for naming in self.namings:
            if naming.done <= call.begun:
                self.names.update(naming.names)
        self.namings = [naming for naming in self.namings if naming.done > call.begun]
