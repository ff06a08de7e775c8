"""What a process asked of the system, read from `strace -f -y -xx`: `power` rebuilds its disk and its word from it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_OF_FILES = ("openat", "creat", "write", "pwrite64", "writev", "pwritev", "pwritev2", "fsync", "fdatasync")
_OF_NAMES = ("unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat")
_OF_SIZES = ("ftruncate", "truncate", "fallocate")
_OF_BYTES = ("sendto", "sendmsg", "recvfrom", "recvmsg", "mmap")
CALLS = _OF_FILES + _OF_NAMES + _OF_SIZES + _OF_BYTES
"""All by which a file may change or a byte may leave."""
LONGEST = 1 << 22
"""Bytes of one call that are kept; a longer one cannot be replayed, and is refused."""

_LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_HANDLE = re.compile(r"(?:^|, )(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")
_RESULT = re.compile(r"\)\s+= (-?\d+)(?:<((?:\\x[0-9a-f]{2})*)>)?")
_UNFINISHED = " <unfinished ...>"


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the system. `begun`, `done`: where in the trace; what depends on another's end is written after it.

    `path`: of the handle it was given; `opened`: of the handle it gave; `tail`: what follows the last text.
    """

    name: str
    path: str
    texts: tuple[bytes, ...]
    tail: str
    result: int
    opened: str
    begun: int
    done: int

    @property
    def data(self) -> bytes:
        """What was really moved: a system may move less than it was given."""
        return b"".join(self.texts)[: self.result]

    @property
    def numbers(self) -> list[int]:
        return [int(found) for found in re.findall(r"-?\b\d+\b", self.tail)]


def read(trace: Path) -> list[Call]:
    """Every call that succeeded, in the order in which they were begun."""
    return sorted(_calls(trace), key=lambda call: call.begun)


def _calls(trace: Path) -> Iterator[Call]:
    begun: dict[tuple[str, str], tuple[int, str]] = {}
    with trace.open(encoding="ascii") as lines:
        for number, line in enumerate(lines):
            if not (found := _LINE.match(line)):
                continue
            process, resumed, name, rest = found.groups()
            if resumed:
                first, head = begun.pop((process, resumed))
                yield from _call(resumed, head + rest, first, number)
            elif rest.endswith(_UNFINISHED):
                begun[process, name] = number, rest.removesuffix(_UNFINISHED)
            else:
                yield from _call(name, rest, number, number)


def _call(name: str, said: str, begun: int, done: int) -> Iterator[Call]:
    result = _RESULT.search(said, said.rfind('"') + 1)
    if not result or int(result[1]) < 0:
        return
    texts = list(_TEXT.finditer(said, 0, result.start()))
    if any(text[2] for text in texts):
        raise ValueError(f"line {begun} of the trace: {name} moved more than was kept of it")
    handle = _HANDLE.search(said)
    yield Call(
        name,
        _text(handle[1]).decode() if handle else "",
        tuple(_text(text[1]) for text in texts),
        said[texts[-1].end() if texts else 0 : result.start()],
        int(result[1]),
        _text(result[2] or "").decode(),
        begun,
        done,
    )


def _text(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))
