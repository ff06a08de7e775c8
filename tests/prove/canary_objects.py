"""The objects that hold secrets, as a log or a traceback would show them. `canary` calls `shown`."""

import asyncio
import traceback
from collections.abc import Iterator
from unittest.mock import patch

import aiohttp
from pydantic import SecretStr

from campaign.core.attempt import CallSid
from campaign.core.call import Placement
from campaign.core.keyed import Key, PublicId
from campaign.engine.clock import RealClock
from campaign.provider.exotel.client import ExotelClient, Patience
from campaign.provider.exotel.gate import Gate
from campaign.settings import Loaded, Secrets, Settings
from tests.builders import NUMBER, minutes, seconds
from tests.prove.canary_needles import Secret


def shown(key: Secret, token: Secret, own: Secret) -> Iterator[tuple[str, bytes]]:
    """Each object's name and all that it tells of itself."""
    secrets = Secrets(
        exotel_api_key=SecretStr(key.value), exotel_api_token=SecretStr(token.value), campaign_key=SecretStr(own.value)
    )
    yield "Secrets", _told(secrets) + _told(secrets.model_dump()) + secrets.model_dump_json().encode()
    yield "SecretStr", _told(secrets.exotel_api_token)
    yield "Loaded", _told(Loaded(Settings(), secrets, None))
    yield "Key", _told(Key(own.value.encode()))
    yield from asyncio.run(_of_client(key, token))


async def _of_client(key: Secret, token: Secret) -> list[tuple[str, bytes]]:
    """The client, and what it makes of each way in which the network breaks; exceptions with the request in them."""
    client = ExotelClient(
        base_url="http://127.0.0.1:1",
        account_sid="example",
        api_key=key.value,
        api_token=token.value,
        clock=RealClock(),
        region="IN",
        patience=Patience(1, 1, 1),
    )
    found = [("ExotelClient", _told(client))]
    async with client:
        found.append(
            ("a refused connection", _told(await client.place(_placement()), await client.look_up(CallSid("a"))))
        )
        for broken in _breakages(client):
            with patch.object(Gate, "connect", side_effect=broken):
                name = type(broken).__name__
                try:
                    found.append((f"a place request after {name}", _told(await client.place(_placement()))))
                    found.append((f"a look-up after {name}", _told(await client.look_up(CallSid("a")))))
                except Exception as raised:  # noqa: BLE001  whatever comes out is looked at
                    found.append((f"{name} as raised", "".join(traceback.format_tb(raised.__traceback__)).encode()))
    return found


def _breakages(client: ExotelClient) -> Iterator[Exception]:
    """Exceptions whose own text shows the request with its headers."""
    assert client._session is not None
    headers = client._session.headers
    request = aiohttp.RequestInfo(client._address("/v1"), "POST", headers, client._address("/v1"))  # type: ignore[arg-type]
    yield aiohttp.ClientResponseError(request, (), status=502, message=str(headers), headers=headers)
    yield aiohttp.ContentTypeError(request, (), message=str(headers), headers=headers)
    yield aiohttp.ClientPayloadError(str(headers))
    yield aiohttp.ServerDisconnectedError(str(headers))
    yield OSError(5, str(headers))
    yield RuntimeError(str(headers))


def _placement() -> Placement:
    late = RealClock().ticks() + 60
    flow = "http://my.exotel.com/example/exoml/start_voice/1"
    return Placement(PublicId("a"), NUMBER, "08030000000", flow, seconds(30), minutes(5), "a", None, late)


def _told(*objects: object) -> bytes:
    return "\n".join(form for each in objects for form in (repr(each), str(each), f"{each}", ascii(each))).encode()
