"""Damaged callbacks over HTTP to the real receiver with a real ledger; `fuzz` calls `feed` again and again.

With the right address: kept byte for byte, then 200. Whatever is refused is refused in the very words that a stranger
with a wrong tag hears, and nothing is written: SQLite itself says so (`PRAGMA data_version`).
"""

import asyncio
import gzip
import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from campaign.core.keyed import PublicId
from campaign.engine.callbacks import Callbacks
from campaign.web.callbacks import application
from campaign.web.serving import serving
from tests.builders import NOON
from tests.integration.house import KEY, a_house
from tests.prove.fuzz_limits import SECONDS, Findings
from tests.prove.fuzz_mutator import mutate

STRANGER = PublicId("0123456789abcdef01234567")
MARKS = ("kept", "refused", "too large", "compressed", "chunked", "damaged", "read")
READ_EVERY = 100
CODINGS = ("gzip", "deflate", "br", "zstd", "identity", "x-none", "gzip, gzip")
METHODS = (b"POST", b"POST", b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", b"post", b"PRI")
LINES = (
    b"",
    b"\r\nX-Forwarded-For: 127.0.0.1",
    b"\r\nExpect: 100-continue",
    b"\r\nExpect: 999",
    b"\r\nUpgrade: websocket",
    b"\r\nContent-Length: 0",
    b"\r\nContent-Encoding: gzip",
    b"\r\nTransfer-Encoding: chunked",
    b"\r\nCookie: " + b"c=d; " * 1_500,
)
_ENDING = b"Host: campaign.example\r\nConnection: close\r\n"
"""Stands first, whatever is damaged behind it: an answer ends."""
_DATE = re.compile(rb"\r\nDate: [^\r]*")

LARGEST_BODY = 64 * 1024  # as the promise has it, not as the product's own constant says


@dataclass(frozen=True, slots=True)
class Letter:
    """A request but for its address. `plain`: nothing is wrong with it."""

    head: bytes
    body: bytes
    plain: bool
    mark: str = ""

    def to(self, path: bytes) -> bytes:
        return self.head.replace(b"{path}", path, 1) + self.body


@dataclass(slots=True)
class Site:
    port: int
    right: bytes
    wrong: list[bytes]
    """Addresses of nobody: all refusals sound like theirs."""
    file: sqlite3.Connection
    callbacks: Callbacks
    fed: int = 0


@asynccontextmanager
async def a_site(folder: Path) -> AsyncIterator[Site]:
    """One call alive, and the receiver of its callbacks."""
    library = logging.getLogger("aiohttp")
    library.addHandler(quiet := logging.NullHandler())
    library.propagate = False  # what `campaign.__main__` keeps from the screen
    try:
        async with _serving(folder) as site:
            yield site
    finally:
        library.removeHandler(quiet)
        library.propagate = True


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[Site]:
    async with a_house(folder, leads=1) as house:
        call, callbacks = await house.call(), house.desk().callbacks
        tag = KEY.tag(call.public_id)
        wrong = [
            f"{call.public_id}.{tag[:-1]}",
            f"{call.public_id}.{tag.swapcase()}",
            f"{STRANGER}.{KEY.tag(STRANGER)}",
        ]
        with closing(sqlite3.connect(f"file:{house.file}?mode=ro", uri=True)) as file:
            async with serving(application(callbacks), "127.0.0.1", 0) as port:
                addresses = [f"/cb/{address}".encode() for address in (f"{call.public_id}.{tag}", *wrong)]
                yield Site(port, addresses[0], [*addresses[1:], b"/", b"/cb/", b"/cb/%00.%ED%A0%80"], file, callbacks)


def plain(body: bytes, kind: str) -> Letter:
    """Well-formed; only its body may be too large."""
    fits = len(body) <= LARGEST_BODY
    return Letter(_head(kind, [b"Content-Length: %d" % len(body)]), body, fits, "" if fits else "too large")


def a_letter(luck: Random, bodies: list[bytes], content_type: str) -> Letter:
    """Mostly well-formed, around any body; else compressed, in chunks, or the whole request damaged."""
    body = mutate(luck.choice(bodies), bodies, luck)
    kind = re.sub(r"[^\x20-\x7e]", "?", content_type)[:2_000].strip()
    way = luck.random()
    if way < 0.5:
        return plain(body, kind)
    if way < 0.65:
        coding = luck.choice(CODINGS)
        packed = gzip.compress(body) if luck.random() < 0.5 else body
        lines = [b"Content-Length: %d" % len(packed), b"Content-Encoding: " + coding.encode()]
        return Letter(_head(kind, lines), packed, plain=False, mark="compressed")
    if way < 0.8:
        chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in _pieces(body, luck)) + b"0\r\n\r\n"
        fits = len(body) <= LARGEST_BODY
        return Letter(_head(kind, [b"Transfer-Encoding: chunked"]), chunked, plain=False, mark="chunked" * fits)
    method, version = luck.choice(METHODS), luck.choice((b"1.1", b"1.1", b"1.0", b"0.9", b"2.0"))
    first = method + b" {path} HTTP/" + version + b"\r\n" + _ENDING + b"Content-Length: %d\r\n" % len(body)
    behind = b"Content-Type: " + kind.encode() + luck.choice(LINES)
    return Letter(first + mutate(behind, LINES, luck) + b"\r\n\r\n", body, plain=False, mark="damaged")


def once(request: bytes) -> Letter:
    """A whole request that once broke something, with `{path}` in the place of its path."""
    return Letter(request, b"", plain=False, mark="damaged")


def _head(kind: str, lines: list[bytes]) -> bytes:
    typed = [b"Content-Type: " + kind.encode()] if kind else []
    return b"POST {path} HTTP/1.1\r\n" + _ENDING + b"\r\n".join([*typed, *lines]) + b"\r\n\r\n"


def _pieces(body: bytes, luck: Random) -> list[bytes]:
    size = luck.choice((1_000, 7_000, 70_000))
    return [body[at : at + size] for at in range(0, len(body), size)]


async def feed(letter: Letter, site: Site, luck: Random, found: Findings) -> None:
    """The letter to the right address and to a wrong one."""
    strangers = site.wrong[:3] if letter.mark == "damaged" else site.wrong  # with POST they all sound alike
    wrong = await _unheard(letter, luck.choice(strangers), site, found)
    before = _version(site)
    right = await _post(site.port, letter, site.right, found)
    found.figures["callbacks posted"] += 1
    if right[9:12] == b"200":
        found.figures["web kept"] += 1
        if letter.mark in ("too large", "compressed"):
            found.breach("web", f"a letter that is {letter.mark} was kept", letter.to(site.right))
        if letter.plain and _kept(site, letter) != 1:
            found.breach("web", "answered 200, and not kept as it came", letter.to(site.right))
    else:
        found.figures["web refused"] += 1
        if letter.plain:
            found.breach("web", f"a plain letter was refused: {right[:40]!r}", letter.to(site.right))
        if _version(site) != before:
            found.breach("web", "refused, and something was written", letter.to(site.right))
        if right and wrong and right != wrong:  # nothing: cut off while it was still being sent
            found.breach("web", f"a refusal of its own: {right[:60]!r}, not {wrong[:60]!r}", letter.to(site.right))
    found.figures[f"web {letter.mark or 'plain'}"] += 1
    site.fed += 1
    if site.fed % READ_EVERY == 0:
        await read(site, found)


async def read(site: Site, found: Findings) -> None:
    """What was kept is acted upon, whatever it says."""
    try:
        await site.callbacks.step(NOON)
        found.figures["web read"] += 1
    except Exception as broken:  # noqa: BLE001  it is the finding
        bodies = site.file.execute("SELECT body FROM inbox WHERE read_at IS NULL").fetchall()
        found.breach(
            "web", f"a kept callback breaks the engine: {type(broken).__name__}", b"".join(each for (each,) in bodies)
        )


async def _unheard(letter: Letter, path: bytes, site: Site, found: Findings) -> bytes:
    """A stranger's request: never 200, never written."""
    before = _version(site)
    answer = await _post(site.port, letter, path, found)
    if answer[9:12] == b"200" or _version(site) != before:
        found.breach("web", "a stranger was heard", letter.to(path))
    return answer


async def _post(port: int, letter: Letter, path: bytes, found: Findings) -> bytes:
    """The answer without its date; of a 400, which no address decides, the status; nothing where it was cut off."""
    request, answer = letter.to(path), b""
    try:
        async with asyncio.timeout(SECONDS * 5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with suppress(ConnectionError):
                writer.write(request)
                await writer.drain()
            with suppress(ConnectionError):
                answer = await reader.read()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    except TimeoutError:
        found.breach("web", "no answer in time", request)
    if answer[9:12] == b"500" and letter.mark != "damaged":  # aiohttp stumbles over some headers, whoever sends them
        found.breach("web", "an answer 500: a fault of ours", request)
    answer = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    return answer[9:12] if answer[9:12] == b"400" else _DATE.sub(b"", answer)


def _kept(site: Site, letter: Letter) -> int:
    rows = "SELECT count(*) FROM inbox WHERE body = ?"
    [found] = site.file.execute(rows, [letter.body]).fetchone()
    return int(found)


def _version(site: Site) -> int:
    [version] = site.file.execute("PRAGMA data_version").fetchone()
    return int(version)
