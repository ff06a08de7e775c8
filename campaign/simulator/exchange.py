"""The exchange: an order becomes a call, a call ends, its end is told. All of it can be taken up again from the log."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from campaign.ports import Clock
from campaign.simulator import line, order, shapes
from campaign.simulator.agenda import Agenda
from campaign.simulator.callbacks import TOLD_AFTER, Answer, settled
from campaign.simulator.calls import Call, Calls, new_sid
from campaign.simulator.line import Fate, Kind
from campaign.simulator.log import Line, Log
from campaign.simulator.town import Town

Tell = Callable[[Call, int], Awaitable[Answer]]


class Exchange:
    """`api` hands it orders; `tell` delivers one callback, told that often before."""

    def __init__(self, clock: Clock, town: Town, log: Log, agenda: Agenda, tell: Tell) -> None:
        self.calls = Calls()
        self._clock = clock
        self._town = town
        self._log = log
        self._agenda = agenda
        self._tell = tell
        self._unsettled: set[str] = set()

    def busy(self) -> bool:
        """Somebody is on the phone, or a callback is about to be delivered; repeats only while they are under way."""
        return bool(self._unsettled)

    def connect(self, wanted: order.Order, request: int) -> Call:
        """Place a call; on the log before it is returned. Raises RestException for a number that is refused."""
        now, number = self._clock.now(), wanted.number
        call_no = self.calls.dialled(number) + 1
        fate = self._fate(wanted, call_no)
        if fate.kind in line.REFUSED:
            self.calls.note_dial(number)
            self._log.write("refused", now, request=request, number=number, fate=fate.kind)
            raise shapes.ndnc(number) if fate.kind is Kind.NDNC else shapes.kyc()
        if self.calls.alive(now) >= self._town.channels:
            fate = Fate(Kind.NO_CHANNEL)
        sid = new_sid(number, call_no, now)
        call = Call(sid, number, wanted.caller_id, wanted.custom_field, fate, now, wanted.callback)
        self._log.write("call", now, request=request, **call.to_line())
        self.calls.add(call)
        self._await_end(call)
        return call

    def take_up(self, lines: Iterable[Line]) -> None:
        """Go on from a log: ended calls stay known, calls alive go on to their planned end, callbacks owed are told."""
        ended: set[str] = set()
        told: Counter[str] = Counter()
        for entry in lines:
            match entry["kind"]:
                case "call":
                    self.calls.add(Call.from_line(entry))
                case "refused":
                    self.calls.note_dial(entry["number"])
                case "ended":
                    ended.add(entry["sid"])
                case "callback":
                    told[entry["sid"]] += len(TOLD_AFTER) if settled(entry["answer"]) else 1
        for call in self.calls:
            if call.sid in ended:
                self._await_telling(call, told[call.sid])
            else:
                self._await_end(call)

    def _fate(self, wanted: order.Order, call_no: int) -> Fate:
        try:
            fate = line.fate(self._town, wanted.number, call_no, wanted.script)
        except ValueError as unread:
            raise order.wrong("CustomField", f"holds a script that cannot be simulated: {unread}") from None
        return fate.within(wanted.ring_timeout, wanted.time_limit)

    def _await_end(self, call: Call) -> None:
        self._unsettled.add(call.sid)
        self._agenda.enter(call.ends_at, partial(self._end, call))

    async def _end(self, call: Call) -> None:
        self._log.write("ended", call.ends_at, sid=call.sid, status=call.fate.status)
        if call.callback:
            self._await_telling(call, 0)
        else:
            self._unsettled.discard(call.sid)

    def _await_telling(self, call: Call, told: int) -> None:
        if call.callback and told < len(TOLD_AFTER):
            at = call.ends_at + self._town.callback_lag + TOLD_AFTER[told]
            self._agenda.enter(at, partial(self._tell_end, call, told))

    async def _tell_end(self, call: Call, told: int) -> None:
        self._unsettled.add(call.sid)
        answer = await self._tell(call, told)
        self._log.write("callback", self._clock.now(), sid=call.sid, answer=answer)
        self._unsettled.discard(call.sid)
        if not settled(answer):
            self._await_telling(call, told + 1)
