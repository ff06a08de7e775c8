"""For every test: what a library lacks, and what all tests of a process may share."""

import gc
import inspect
from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core
from sqlalchemy import Connection, Dialect, Engine, event


# aioresponses 0.7 does not know an argument that aiohttp 3.14 requires of a response.
class _Mocked(aiohttp.ClientResponse):
    def __init__(self, *args: Any, **named: Any) -> None:
        named.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **named)


if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
    aioresponses.core.ClientResponse = _Mocked  # type: ignore[misc]  # a class is replaced, on purpose

# Every ledger has an engine of its own, each of which would make the text of the same statements anew: a third of the
# time of the tests that open one.
_TEXTS: dict[Any, Any] = {}
_DIALECTS: dict[type[Dialect], Dialect] = {}


@event.listens_for(Engine, "engine_connect")
def _share_texts(connection: Connection) -> None:
    connection.dialect = _DIALECTS.setdefault(type(connection.dialect), connection.dialect)  # it is part of the key
    connection.execution_options(compiled_cache=_TEXTS)


def pytest_collection_finish() -> None:
    """What was imported is no garbage: nobody has to look through it again."""
    gc.freeze()
