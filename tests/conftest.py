"""For every test: aioresponses 0.7 does not know an argument that aiohttp 3.14 requires of a response."""

import inspect
from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core


class _Mocked(aiohttp.ClientResponse):
    def __init__(self, *args: Any, **named: Any) -> None:
        named.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **named)


if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
    aioresponses.core.ClientResponse = _Mocked  # type: ignore[misc]  # a class is replaced, on purpose
