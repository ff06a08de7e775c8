"""Callbacks over HTTP: with the right address on disk before the 200; whatever is wrong is the same 404."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from campaign.core.keyed import PublicId
from campaign.core.records import CallbackFate, RawCallback
from campaign.engine.run import Run
from campaign.errors import CampaignError
from campaign.web import callbacks as web_callbacks
from campaign.web.callbacks import LARGEST, address, application
from campaign.web.serving import serving
from tests.builders import NOON
from tests.integration.house import KEY, House, a_house, ending, sid

STRANGER = PublicId("0123456789abcdef01234567")
PLAIN = (404, "text/plain; charset=utf-8", b"404: Not Found")


class Reply(NamedTuple):
    status: int
    type: str | None
    body: bytes


class Site(NamedTuple):
    house: House
    run: Run
    port: int
    url: str
    """The address of the one call."""

    @property
    def path(self) -> str:
        return self.url.partition(str(self.port))[2]


@asynccontextmanager
async def a_site(folder: Path) -> AsyncIterator[Site]:
    """A house whose one lead is being called, and the server for its callbacks."""
    async with a_house(folder, leads=1) as house:
        call, run = await house.call(), house.run()
        async with serving(application(run.desk.callbacks), "127.0.0.1", 0) as port:
            base = f"http://127.0.0.1:{port}"
            yield Site(house, run, port, address(base, call.public_id, KEY.tag(call.public_id)))


async def post(url: str, data: Any = ending(sid(1)), **how: Any) -> Reply:  # noqa: B008  bytes do not change
    async with aiohttp.ClientSession() as session, session.post(url, data=data, **how) as response:
        return Reply(response.status, response.headers.get("Content-Type"), await response.read())


async def raw(port: int, request: bytes) -> bytes:
    """The first line of the answer to these very bytes, which may end in the middle."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.readline()
    writer.close()
    return answer.strip()


async def test_a_callback_with_the_right_address_is_kept_as_it_came(tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        reply = await post(site.url, b"anything at all \x00\xff", headers={"Content-Type": "text/x-odd"})
        assert (reply.status, reply.body) == (200, b"")
        [row] = await site.house.rows("inbox")
        assert (row["body"], row["content_type"]) == (b"anything at all \x00\xff", "text/x-odd")
        assert (row["first_at"], row["read_at"]) == (NOON, None)


async def test_it_is_on_disk_before_the_200(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_site(tmp_path) as site:
        keep, may_commit = site.house.store.keep_callbacks, asyncio.Event()

        async def slowly(callbacks: list[RawCallback]) -> list[CallbackFate]:
            await may_commit.wait()
            return await keep(callbacks)

        monkeypatch.setattr(site.house.store, "keep_callbacks", slowly)
        posting = asyncio.ensure_future(post(site.url))
        await site.house.settle()
        assert not posting.done()
        assert await site.house.rows("inbox") == []
        may_commit.set()
        assert (await posting).status == 200
        assert len(await site.house.rows("inbox")) == 1


async def test_a_repeat_is_answered_200_and_counted(tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        assert [(await post(site.url)).status for _ in range(3)] == [200, 200, 200]
        [row] = await site.house.rows("inbox")
        assert row["times"] == 3


async def test_it_does_what_it_says_end_to_end(tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        form = aiohttp.FormData({"CallSid": sid(1), "Status": "completed", "DateUpdated": "2026-03-04 12:00:40"})
        with aiohttp.MultipartWriter("form-data", boundary="form-data-boundary-0123456789abcdef") as parts:
            for name, value in (("CallSid", sid(1)), ("Status", "completed")):
                parts.append(value).set_content_disposition("form-data", name=name)
        assert (await post(site.url, parts)).status == 200
        assert (await post(site.url, form)).status == 200
        await site.run.desk.callbacks.step(NOON)
        [attempt] = await site.house.attempts()
        assert attempt.attempt.disposition == "completed"


def _other(url: str, tag: Callable[[str], str]) -> str:
    head, _, right = url.rpartition(".")
    return f"{head}.{tag(right)}"


@pytest.mark.parametrize(
    "tag",
    [
        lambda right: right[:-1] + ("A" if right[-1] != "A" else "Q"),
        lambda right: right + "=",
        lambda right: right[:-1],
        lambda right: right.swapcase(),
        lambda right: "",
        lambda right: "%C3%BC",
        lambda right: KEY.tag(STRANGER),
    ],
)
async def test_a_wrong_tag_is_not_found(tmp_path: Path, tag: Callable[[str], str]) -> None:
    async with a_site(tmp_path) as site:
        assert await post(_other(site.url, tag)) == PLAIN
        assert await site.house.rows("inbox") == []


async def test_a_wrong_tag_costs_no_look_at_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_site(tmp_path) as site:
        monkeypatch.delattr("campaign.store.ledger.Ledger.keep_callbacks")
        assert await post(_other(site.url, str.swapcase)) == PLAIN


async def test_an_attempt_nobody_knows_is_not_found(tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        base = f"http://127.0.0.1:{site.port}"
        assert await post(address(base, STRANGER, KEY.tag(STRANGER))) == PLAIN
        assert await site.house.rows("inbox") == []


async def test_a_body_as_large_as_allowed_is_kept_and_a_larger_one_is_not_found(tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        assert await post(site.url, b"x" * (LARGEST + 1)) == PLAIN
        assert await site.house.rows("inbox") == []
        assert (await post(site.url, b"x" * LARGEST)).status == 200


async def test_a_large_body_in_pieces_is_not_found(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b"x" * 1024

    async with a_site(tmp_path) as site:
        assert await post(site.url, pieces()) == PLAIN
        assert await site.house.rows("inbox") == []


async def test_a_body_that_does_not_come_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_callbacks, "SLOWEST", 0.05)
    async with a_site(tmp_path) as site:
        head = f"POST {site.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nCallSid="
        assert await raw(site.port, head.encode()) == b"HTTP/1.1 404 Not Found"
        assert await site.house.rows("inbox") == []


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_body_is_not_found(tmp_path: Path, coding: str) -> None:
    async with a_site(tmp_path) as site:
        assert await post(site.url, b"x" * 2000, compress=coding) == PLAIN
        assert await site.house.rows("inbox") == []


@pytest.mark.parametrize("strange", [b"a.%FF%FE", b"a.%ED%A0%80", b"%00.%00"])
async def test_bytes_that_are_no_text_in_the_address_are_not_found(tmp_path: Path, strange: bytes) -> None:
    async with a_site(tmp_path) as site:
        request = b"POST /cb/" + strange + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        assert await raw(site.port, request) == b"HTTP/1.1 404 Not Found"


async def test_a_body_that_breaks_off_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        head = f"POST {site.path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"
        assert b" 400 " in await raw(site.port, head.encode())  # no HTTP: the same whatever the address
        assert await site.house.rows("inbox") == []


@pytest.mark.parametrize("path", ["/", "/cb/", "/cb/a", "/cb/a.b/c", "/callbacks/a.b"])
async def test_every_other_address_is_not_found(tmp_path: Path, path: str) -> None:
    async with a_site(tmp_path) as site:
        assert await post(f"http://127.0.0.1:{site.port}{path}") == PLAIN


async def test_a_database_that_cannot_be_written_is_503(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(callbacks: list[RawCallback]) -> list[CallbackFate]:
        raise CampaignError("the disk is full")

    async with a_site(tmp_path) as site:
        monkeypatch.setattr(site.house.store, "keep_callbacks", full)
        assert (await post(site.url)).status == 503


def test_the_address_says_nothing_but_the_attempt_and_its_tag() -> None:
    assert address("https://campaign.example", STRANGER, "tag") == f"https://campaign.example/cb/{STRANGER}.tag"
