"""The one place where concrete things meet: settings, database, provider or simulator, engine, web.

`policy`: settings as the core knows them · `looking`: what may be known without owning · `checking`: what running a
list would come to · `calling`: a test call · `owner`: a database held, and the account with it · `house`: what its
owner can do · `floor`: the campaigns that are dialled, and the door to them · `spool`: a list from a pipe.

What is asked for is imported when it is asked for: help and plain errors load no database and no network.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campaign.wiring.calling import test_call
    from campaign.wiring.checking import Checked, Known, checked
    from campaign.wiring.floor import Wanted, dial, dial_all
    from campaign.wiring.house import House, Resolution, TakenIn
    from campaign.wiring.looking import ask_owner, ask_owner_to_read, key_of, owner_of, reading, today, unloading
    from campaign.wiring.owner import Simulation, bring_up_to_date, owning, simulating
    from campaign.wiring.policy import (
        SIMULATED_DB,
        account_of,
        number_rules,
        policy_of,
        read_policy,
        sheet_of,
        simulated_settings,
        stored,
        window_of,
    )
    from campaign.wiring.proving import auditing, compared
    from campaign.wiring.rehearsing import rehearsing
    from campaign.wiring.spool import spooled

_ROOMS = {
    "calling": ("test_call",),
    "checking": ("Checked", "Known", "checked"),
    "floor": ("Wanted", "dial", "dial_all"),
    "house": ("House", "Resolution", "TakenIn"),
    "looking": ("ask_owner", "ask_owner_to_read", "key_of", "owner_of", "reading", "today", "unloading"),
    "owner": ("Simulation", "bring_up_to_date", "owning", "simulating"),
    "policy": (
        "SIMULATED_DB",
        "account_of",
        "number_rules",
        "policy_of",
        "read_policy",
        "sheet_of",
        "simulated_settings",
        "stored",
        "window_of",
    ),
    "proving": ("auditing", "compared"),
    "rehearsing": ("rehearsing",),
    "spool": ("spooled",),
}


def __getattr__(name: str) -> Any:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"campaign.wiring.{room}"), name)
    raise AttributeError(name)


__all__ = [
    "SIMULATED_DB",
    "Checked",
    "House",
    "Known",
    "Resolution",
    "Simulation",
    "TakenIn",
    "Wanted",
    "account_of",
    "ask_owner",
    "ask_owner_to_read",
    "auditing",
    "bring_up_to_date",
    "checked",
    "compared",
    "dial",
    "dial_all",
    "key_of",
    "number_rules",
    "owner_of",
    "owning",
    "policy_of",
    "read_policy",
    "reading",
    "rehearsing",
    "sheet_of",
    "simulated_settings",
    "simulating",
    "spooled",
    "stored",
    "test_call",
    "today",
    "unloading",
    "window_of",
]
