"""How many requests the account may make: in any window of the length, by the clock (Exotel: 200 a minute)."""

from collections import deque
from datetime import datetime, timedelta


class Limit:
    """A sliding window over the requests that were let through; refused ones take no place in it."""

    def __init__(self, requests: int, window: timedelta) -> None:
        self._requests = requests
        self._window = window
        self._passed: deque[datetime] = deque()

    def admit(self, now: datetime) -> timedelta | None:
        """None: let through, and counted. Otherwise how long until the next one will be."""
        while self._passed and self._passed[0] <= now - self._window:
            self._passed.popleft()
        if len(self._passed) >= self._requests:
            return self._passed[0] + self._window - now
        self._passed.append(now)
        return None
