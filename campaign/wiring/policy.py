"""Settings as the core knows them: one version of a campaign's policy, and whom it dials through."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from campaign import settings as settings_of
from campaign.core.attempt import Disposition
from campaign.core.custom_field import columns_used
from campaign.core.failing import FailedLimit
from campaign.core.lead import PhoneNumber
from campaign.core.policy import Policy, Rate
from campaign.core.pool import Caller
from campaign.core.records import Account, CampaignRecord, NewLead
from campaign.core.window import Span, Window
from campaign.errors import ListError, SettingsError
from campaign.intake import Form, NumberRules, Sheet, lines, open_sheet
from campaign.intake.number import rules_for
from campaign.settings import Loaded, Settings

SIMULATED = Account("simulator", "simulated", simulated=True)
SIMULATED_DB = Path("campaign-simulated.db")
LOOPBACK = "127.0.0.1"


def policy_of(settings: Settings) -> Policy:
    """One version of a campaign's policy."""
    provider, retry, report = settings.provider, settings.retry, settings.report
    callers = tuple(Caller(each.number, each.share, each.channels) for each in provider.callers)
    return Policy(
        callers=callers or (Caller(""),),  # none yet: a list can be checked all the same
        flow_url=provider.flow_url,
        custom_field=provider.custom_field,
        provider_zone=ZoneInfo(provider.timezone),
        ring_timeout=provider.ring_timeout,
        time_limit=provider.time_limit,
        margin=provider.margin,
        list_lag=provider.list_lag,
        rate=Rate(*settings.pace.rate),
        ramp=settings.pace.ramp,
        canary=settings.pace.canary,
        min_balance=Decimal(str(settings.guard.min_balance)),
        look_up_share=settings.pace.look_up_share,
        channels=_channels(settings.pace.channels, callers),
        retry_slack=settings.pace.retry_slack,
        weight=settings.pace.weight,
        max_attempts=retry.max_attempts,
        waits={
            Disposition.BUSY: retry.busy,
            Disposition.NO_ANSWER: retry.no_answer,
            Disposition.FAILED: retry.failed,
        },
        per_day=retry.per_day,
        min_gap=retry.min_gap,
        window=window_of(settings.window),
        callbacks=bool(settings.callbacks.public_url),
        poll_after=settings.callbacks.poll_after,
        poll_every=settings.callbacks.poll_every,
        details_for=report.details_for,
        settle_for=report.settle_for,
        reached_after=report.reached_after,
        tries_per_number=settings.list.tries_per_number,
        pause_if_failed=FailedLimit(*settings.guard.pause_if_failed) if settings.guard.pause_if_failed else None,
        breaker=settings.pace.breaker,
    )


def _channels(account: int, callers: Sequence[Caller]) -> int:
    """The account's; fewer where all caller ids together have fewer."""
    own = [each.channels for each in callers if each.channels]
    return min(account, sum(own)) if own and len(own) == len(callers) else account


def window_of(settings: settings_of.WindowSettings) -> Window:
    return Window(
        zone=ZoneInfo(settings.timezone),
        hours={day: tuple(Span(*pair) for pair in settings_of.spans(settings.on(day))) for day in range(7)},
        start=_instant(settings.start),
        end=_instant(settings.end),
    )


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def read_policy(tables: Any) -> Policy:
    """A stored policy version."""
    return _read_policy(json.dumps(tables))


@lru_cache(maxsize=64)
def _read_policy(stored: str) -> Policy:
    # Every commit asks for the one in force, and checking settings takes longer than most commits.
    return policy_of(settings_of.parse(json.loads(stored), "the campaign's stored settings"))


def stored(campaign: CampaignRecord) -> Settings:
    """The settings in force for a campaign."""
    return settings_of.parse(campaign.settings, "the campaign's stored settings")


def account_of(loaded: Loaded) -> Account:
    """Whom a real campaign dials through. Raises SettingsError naming everything that is missing."""
    needed = {
        "EXOTEL_API_KEY": loaded.secrets.secret("exotel_api_key"),
        "EXOTEL_API_TOKEN": loaded.secrets.secret("exotel_api_token"),
        "EXOTEL_ACCOUNT_SID": loaded.secrets.exotel_account_sid,
        "provider.caller_id (or EXOTEL_CALLER_ID)": loaded.settings.provider.caller_id,
        "provider.flow_url (or EXOTEL_FLOW_URL)": loaded.settings.provider.flow_url,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise SettingsError(
            f"To call people these are still missing: {', '.join(missing)}.",
            "`campaign init` writes the files to fill in; `--simulate` needs no account.",
        )
    return Account(loaded.settings.provider.base_url, str(loaded.secrets.exotel_account_sid), simulated=False)


def simulated_settings(settings: Settings, header: Sequence[str] = (), *, rehearsal: bool = False) -> Settings:
    """The same campaign against the simulator: no window, callbacks over loopback, made-up caller and flow.

    A `rehearsal` keeps the window, and asks for its calls.

    A column `simulate` of the list fixes what a phone does; it travels in CustomField.
    """
    tables = settings.model_dump(mode="json")
    provider = tables["provider"]
    provider["caller_id"] = provider["caller_id"] or "08030000000"
    provider["flow_url"] = provider["flow_url"] or "http://my.exotel.com/simulated/exoml/start_voice/1"
    if "simulate" in header and "{simulate}" not in provider["custom_field"]:
        provider["custom_field"] += " simulate={simulate}"
    tables["callbacks"]["public_url"] = "" if rehearsal else f"http://{LOOPBACK}"
    if not rehearsal:
        tables["window"] = {"timezone": tables["window"]["timezone"], "hours": "00:00-24:00"}
    return settings_of.parse(tables, "the settings")


def number_rules(settings: Settings) -> NumberRules:
    """How these settings read the numbers of a list."""
    return rules_for(
        settings.provider.region,
        [each.number for each in settings.provider.callers],
        first_of_several=settings.list.several == "first",
    )


def numbers_of(file: Path, settings: Settings, form: Form) -> Iterator[list[PhoneNumber]]:
    """The first number of each line of a list that has one, a chunk at a time. Raises ListError, also where none is."""
    sheet = open_sheet(file, phone_columns=settings.list.columns, form=form)
    any_at_all = False
    for chunk in lines(sheet, rules=number_rules(settings)):
        numbers = [line.number for line in chunk if isinstance(line, NewLead)]
        any_at_all = any_at_all or bool(numbers)
        yield numbers
    if not any_at_all:
        nothing = f"no line has a number in the column “{sheet.phone_column}”."
        raise ListError(nothing, "Name the right one with --phone-column.", file=sheet.file_name)


def sheet_of(file: Path, settings: Settings, form: Form) -> Sheet:
    """The list, as these settings read it; `form`: what was said of this file alone. Raises ListError."""
    needs = columns_used(settings.provider.custom_field)
    return open_sheet(file, phone_columns=settings.list.columns, needs=needs, form=form)
