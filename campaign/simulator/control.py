"""The control address: look at the faults in force, or put others in their place, while the simulator runs.

    curl http://127.0.0.1:8790/_control/faults --json '{"answer_lost": 0.1}'

It is outside the account: no credentials, no place in the rate, not in the log but for what it changed.
"""

import json

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import TypeAdapter, ValidationError

from campaign.simulator.faults import Faults
from campaign.simulator.town import Town, first_fault
from campaign.simulator.trouble import Trouble

PATH = "/_control/faults"
_FAULTS: TypeAdapter[Faults] = TypeAdapter(Faults)


def control(trouble: Trouble) -> Middleware:
    """Put around everything else, it answers for its own path alone."""

    @web.middleware
    async def controlled(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != PATH:
            return await handler(request)
        if request.method == "POST":
            return await _replace(request, trouble)
        if request.method == "GET":
            return web.json_response(_FAULTS.dump_python(trouble.faults, mode="json"))
        raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])

    return controlled


async def _replace(request: web.Request, trouble: Trouble) -> web.Response:
    if request.content_type != "application/json":  # a page in somebody's browser cannot send that unasked
        raise web.HTTPUnsupportedMediaType
    try:
        trouble.replace(Town.model_validate({"faults": json.loads(await request.text())}).faults)
    except ValidationError as wrong:
        return web.Response(status=400, text=first_fault(wrong, PATH))
    except ValueError as wrong:
        return web.Response(status=400, text=f"{PATH}: this is not JSON: {wrong}.")
    return web.json_response(_FAULTS.dump_python(trouble.faults, mode="json"))
