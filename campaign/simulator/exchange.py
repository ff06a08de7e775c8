"""The exchange: an order becomes a call, a call ends, its end is told. All of it can be taken up again from the log."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from campaign.ports import Clock
from campaign.simulator import forgery, line, order, shapes
from campaign.simulator.agenda import Agenda
from campaign.simulator.callbacks import TOLD_AFTER, Answer, Letter, letter, settled
from campaign.simulator.calls import Call, Calls, new_sid
from campaign.simulator.faults import CLOCK, HELD_BACK, LASTING, Fault, Hits
from campaign.simulator.line import Fate, Kind
from campaign.simulator.log import Line, Log
from campaign.simulator.luck import luck
from campaign.simulator.town import Town
from campaign.simulator.trouble import Trouble

Send = Callable[[Letter], Awaitable[Answer]]


class Exchange:
    """`api` hands it orders; `send` delivers one callback."""

    def __init__(self, clock: Clock, town: Town, log: Log, agenda: Agenda, trouble: Trouble, send: Send) -> None:
        self.calls = Calls()
        self._clock = clock
        self._town = town
        self._log = log
        self._agenda = agenda
        self._trouble = trouble
        self._send = send
        self._unsettled: set[str] = set()
        self._told: dict[str, asyncio.Event] = {}  # of the calls whose answer waits for it

    def busy(self) -> bool:
        """Somebody is on the phone, or a callback is about to be delivered; repeats only while they are under way."""
        return bool(self._unsettled)

    def connect(self, wanted: order.Order, request: int, hits: Hits) -> Call:
        """Place a call; on the log before it is returned. Raises RestException for a number that is refused."""
        now, number = self._clock.now(), wanted.number
        call_no = self.calls.dialled(number) + 1
        fate = wanted.fate(self._town, call_no)
        if fate.kind in line.REFUSED:
            self.calls.note_dial(number)
            self._log.write("refused", now, request=request, number=number, fate=fate.kind)
            raise shapes.ndnc(number) if fate.kind is Kind.NDNC else shapes.kyc()
        if self.calls.alive(now) >= self._town.channels:
            fate = Fate(Kind.NO_CHANNEL)
        sid = new_sid(number, call_no, now)
        faults = {fault: by for fault, by in hits.items() if fault in LASTING}
        call = Call(sid, number, wanted.caller_id, wanted.custom_field, fate, now, wanted.callback, faults)
        self._log.write("call", now, request=request, **call.to_line())
        for fault in CLOCK:
            if fault in faults:
                self._trouble.happened(fault, request=request, sid=sid)
        self.calls.note_dial(number)
        self._place(call)
        return call

    async def until_told(self, call: Call) -> bool:
        """Wait until its end has been told; False, at once, if nobody will be told soon."""
        if not call.callback or call.faults.keys() & HELD_BACK:
            return False
        await self._told.setdefault(call.sid, asyncio.Event()).wait()
        return True

    def take_up(self, lines: Sequence[Line]) -> None:
        """Go on from a log: ended calls stay known, calls alive go on to their planned end, callbacks owed are told."""
        ended: set[str] = set()
        redialled: set[str] = set()
        for entry in lines:
            match entry["kind"]:
                case "call":
                    self.calls.add(Call.from_line(entry))
                    if original := entry.get("redial_of"):
                        redialled.add(original)
                    else:
                        self.calls.note_dial(entry["number"])
                case "refused":
                    self.calls.note_dial(entry["number"])
                case "ended":
                    ended.add(entry["sid"])
        told = _told(lines)
        for call in self.calls:
            if call.sid not in ended:
                self._await_end(call)
                continue
            self._await_telling(call, told[call.sid])
            if call.sid not in redialled:
                self._await_redial(call)

    def _place(self, call: Call) -> None:
        self.calls.add(call)
        self._await_end(call)

    def _await_end(self, call: Call) -> None:
        self._unsettled.add(call.sid)
        self._agenda.enter(call.ends_at, partial(self._end, call))

    async def _end(self, call: Call) -> None:
        self._log.write("ended", call.ends_at, sid=call.sid, status=call.fate.status)
        self._await_redial(call)
        if call.callback:
            self._await_telling(call, 0)
        if not call.callback or self._held_back(call):
            self._unsettled.discard(call.sid)

    def _await_telling(self, call: Call, told: int) -> None:
        if call.callback and told < len(TOLD_AFTER):
            at = call.ends_at + self._town.callback_lag + self._held_back(call) + TOLD_AFTER[told]
            self._agenda.enter(at, partial(self._tell_end, call, told))

    async def _tell_end(self, call: Call, told: int) -> None:
        self._unsettled.add(call.sid)
        if Fault.CALLBACK_NEVER in call.faults:
            self._trouble.happened(Fault.CALLBACK_NEVER, sid=call.sid)
        else:
            await self._tell(call, told)
        self._unsettled.discard(call.sid)

    async def _tell(self, call: Call, told: int) -> None:
        true = letter(call, self._town, told)
        if not told:
            for fault in (Fault.CALLBACK_LATE, Fault.CALLBACK_REORDERED):
                if fault in call.faults:
                    self._trouble.happened(fault, sid=call.sid)
            await self._tell_falsely(call, forgery.forged(call, self._town, self.calls.other_than(call)))
        answer = await self._send(true)
        self._log.write("callback", self._clock.now(), sid=call.sid, answer=answer)
        if waiting := self._told.pop(call.sid, None):
            waiting.set()
        if not told:
            await self._tell_falsely(call, forgery.repeated(call, self._town, true))
        if not settled(answer):
            self._await_telling(call, told + 1)

    async def _tell_falsely(self, call: Call, letters: Iterable[tuple[Fault, Letter]]) -> None:
        happened: set[Fault] = set()
        for fault, false in letters:
            if fault not in happened:
                happened.add(fault)
                self._trouble.happened(fault, sid=call.sid)
            self._log.write("callback", self._clock.now(), sid=call.sid, answer=await self._send(false), fault=fault)

    def _held_back(self, call: Call) -> timedelta:
        late, reordered = (call.faults.get(f, line.NOTHING) for f in (Fault.CALLBACK_LATE, Fault.CALLBACK_REORDERED))
        return late + reordered * luck(self._town.seed, call.number, Fault.CALLBACK_REORDERED)

    def _await_redial(self, call: Call) -> None:
        if Fault.REDIALS in call.faults:
            self._agenda.enter(call.ends_at + call.faults[Fault.REDIALS], partial(self._redial, call))

    async def _redial(self, call: Call) -> None:
        """The same call once more, which nobody is told of."""
        now = self._clock.now()
        clock = {fault: by for fault, by in call.faults.items() if fault in CLOCK}
        again = replace(call, sid=new_sid(call.number, 0, now), placed_at=now, callback=None, faults=clock)
        self._log.write("call", now, request=None, redial_of=call.sid, **again.to_line())
        self._trouble.happened(Fault.REDIALS, sid=again.sid)
        self._place(again)


def _told(lines: Iterable[Line]) -> Counter[str]:
    """How often the end of each call was told, or as often as ever when it will not be told again."""
    told: Counter[str] = Counter()
    for entry in lines:
        match entry["kind"]:
            case "fault" if entry["name"] == Fault.CALLBACK_NEVER:
                told[entry["sid"]] += len(TOLD_AFTER)
            case "callback" if "fault" not in entry:
                told[entry["sid"]] += len(TOLD_AFTER) if settled(entry["answer"]) else 1
    return told
