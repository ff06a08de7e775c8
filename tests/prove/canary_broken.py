"""`campaign` with a fault of its own: `python -m tests.prove.canary_broken PLACE …`. `canary` starts it.

What is raised names every secret of the environment, the request's headers and a person's number, as a library's
exception may.
"""

import os
import sys
from typing import Any, NoReturn

from campaign.__main__ import main
from campaign.engine.callbacks import Callbacks
from campaign.engine.reconcile import Reconciliation
from campaign.engine.recovery import Recovery
from campaign.provider.exotel.client import ExotelClient
from campaign.store import inbox, recording

PLACES: dict[str, tuple[object, str]] = {
    "place": (ExotelClient, "place"),
    "callback": (Callbacks, "receive"),
    "step": (Recovery, "step"),
    "reconcile": (Reconciliation, "step"),
    "record": (recording, "record"),
    "keep": (inbox, "keep"),
}

OUTLIVED = ("callback", "keep")
"""A callback is answered 500, and the run goes on: it asks."""
ENDING = tuple(place for place in PLACES if place not in OUTLIVED)


def _fail(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError(f"{dict(os.environ)} of +919812300001")


if __name__ == "__main__":
    where, name = PLACES[sys.argv.pop(1)]
    setattr(where, name, _fail)
    main()
