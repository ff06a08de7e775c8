"""The bulk list of calls: Exotel's filters and pages (developer.exotel.com/api/call-details-bulk).

Calls alive are not in it, and ended ones only after the town's `list_lag`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from campaign.simulator.calls import Call, Calls
from campaign.simulator.faults import Fault
from campaign.simulator.numbers import e164
from campaign.simulator.order import wrong
from campaign.simulator.shapes import IST, TIME
from campaign.simulator.town import Town

SPAN, ZERO, LAST = timedelta(days=31), timedelta(), datetime.max.replace(tzinfo=IST)
MOST_SIDS, MOST_NUMBERS, PAGE, LARGEST_PAGE = 100, 5, 50, 100
KNOWN = frozenset({"Sid", "DateCreated", "From", "To", "PhoneNumber", "Status", "Direction"})
PAGING = frozenset({"PageSize", "SortBy", "Before", "After", "details"})

Query = Mapping[str, str]
Filter = Callable[[Call], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """`faulty`: what is wrong with it, and the call on whose account."""

    metadata: dict[str, Any]
    calls: list[Call]
    faulty: list[tuple[Fault, Call]]


def page(calls: Calls, query: Query, town: Town, now: datetime, path: str) -> Page:
    """One page. Raises RestException 400 naming a parameter that is wrong."""
    if unknown := sorted(query.keys() - KNOWN - PAGING):
        raise wrong(unknown[0], "is not known to this simulator")
    matching, lagging = _matching(calls, query, town, now)
    size = _page_size(query)
    start, end = _bounds(matching, query, size)
    faulty = [(Fault.LIST_LAGS, call) for call in lagging]
    if _shifts(matching, query, start, size):
        faulty.append((Fault.LIST_SHIFTS, matching[start - 1]))
        start, end = start - 1, end - 1
    metadata = {
        "Total": len(matching),
        "PageSize": size,
        "FirstPageUri": _uri(path, query, size),
        "PrevPageUri": _uri(path, query, size, Before=matching[start].sid) if 0 < start < len(matching) else None,
        "NextPageUri": _uri(path, query, size, After=matching[end - 1].sid) if end < len(matching) else None,
    }
    return Page(metadata, matching[start:end], faulty)


def _shifts(matching: Sequence[Call], query: Query, start: int, size: int) -> bool:
    """Whether the page begins one row early; one of a single row would never get on."""
    return (
        bool(query.get("After"))
        and not query.get("Before")
        and size > 1
        and (Fault.LIST_SHIFTS in matching[start - 1].faults)
    )


def _matching(calls: Calls, query: Query, town: Town, now: datetime) -> tuple[list[Call], list[Call]]:
    """Those that are in the list, in its order; and those that should be, but lag longer."""
    sids = _values(query, "Sid", MOST_SIDS)
    candidates = [call for sid in sids if (call := calls.find(sid))] if sids else calls
    filters = _filters(query, now)
    found = [call for call in candidates if call.ended(now, town.list_lag) and all(fits(call) for fits in filters)]
    found.sort(key=lambda call: (_created(call), call.sid), reverse=not _ascending(query))
    lags = {call.sid for call in found if not call.ended(now, town.list_lag + call.faults.get(Fault.LIST_LAGS, ZERO))}
    return [call for call in found if call.sid not in lags], [call for call in found if call.sid in lags]


def _created(call: Call) -> datetime:
    return call.placed_at + call.clock_off


def _filters(query: Query, now: datetime) -> list[Filter]:
    since, until = _span(query, now)
    filters: list[Filter] = [lambda call: since <= _created(call).replace(microsecond=0) <= until]
    if numbers := _numbers(query, "From"):
        filters.append(lambda call: call.number in numbers)
    if exophones := _numbers(query, "To") + _numbers(query, "PhoneNumber"):
        filters.append(lambda call: call.caller_id in exophones)
    if statuses := _values(query, "Status"):
        filters.append(lambda call: call.fate.status in statuses)
    if directions := _values(query, "Direction"):
        filters.append(lambda _: "outbound-api" in directions)
    return filters


def _values(query: Query, name: str, most: int | None = None) -> list[str]:
    values = [value.strip() for value in query.get(name, "").split(",") if value.strip()]
    if most and len(values) > most:
        raise wrong(name, f"holds more than {most} values")
    return values


def _numbers(query: Query, name: str) -> list[str]:
    return [e164(value) or value for value in _values(query, name, MOST_NUMBERS)]


def _span(query: Query, now: datetime) -> tuple[datetime, datetime]:
    bounds = dict(part.split(":", 1) for part in query.get("DateCreated", "").split(";") if ":" in part)
    if bounds.keys() - {"gte", "lte"} or (query.get("DateCreated") and not bounds):
        raise wrong("DateCreated", "is not like gte:YYYY-MM-DD HH:MM:SS;lte:YYYY-MM-DD HH:MM:SS")
    until = _instant(bounds["lte"]) if "lte" in bounds else now
    since = _instant(bounds["gte"]) if "gte" in bounds else until - SPAN
    if until - since > SPAN:
        raise wrong("DateCreated", "spans more than a month")
    return since, until if "lte" in bounds else LAST  # a clock ahead of ours has its calls in the list too


def _instant(text: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), TIME).replace(tzinfo=IST)
    except ValueError:
        raise wrong("DateCreated", "holds a time that is not YYYY-MM-DD HH:MM:SS") from None


def _page_size(query: Query) -> int:
    text = query.get("PageSize") or str(PAGE)
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST_PAGE:
        raise wrong("PageSize", f"is not from 1 to {LARGEST_PAGE}")
    return int(text)


def _ascending(query: Query) -> bool:
    order = query.get("SortBy") or "DateCreated:desc"
    if order not in ("DateCreated:asc", "DateCreated:desc"):
        raise wrong("SortBy", "is not DateCreated:asc or DateCreated:desc")
    return order.endswith("asc")


def _bounds(matching: Sequence[Call], query: Query, size: int) -> tuple[int, int]:
    places = {call.sid: place for place, call in enumerate(matching)}
    if before := query.get("Before"):
        end = _place(places, before, "Before")
        return max(0, end - size), end
    after = query.get("After")
    start = _place(places, after, "After") + 1 if after else 0
    return start, start + size


def _place(places: Mapping[str, int], cursor: str, name: str) -> int:
    if cursor not in places:
        raise wrong(name, "is no place in this list")
    return places[cursor]


def _uri(path: str, query: Query, size: int, **cursor: str) -> str:
    asked = {name: value for name, value in query.items() if name not in ("Before", "After")}
    return f"{path}?{urlencode(asked | {'PageSize': str(size)} | cursor)}"
