"""How often wrong codes may be tried: enough for people who mistype, too few to guess."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field

from lab.errors import LabError


class TooManyTries(LabError):
    """Somebody tried too many wrong codes."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"That were too many wrong tries. Wait {max(1, round(wait_s))} seconds, then look again.")


@dataclass(slots=True)
class Tries:
    """Counts wrong tries, of each address and of all together. Right ones cost nothing: a whole room shares a proxy.

    Attributes:
        each: wrong tries that one address has within `span_s`.
        all: that everybody has.
        span_s: how long a wrong try counts.
    """

    each: int = 8
    all: int = 120
    span_s: float = 60.0
    _wrong: deque[tuple[float, str]] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, address: str) -> None:
        """Let a try pass.

        Raises:
            TooManyTries: not now.
        """
        with self._lock:
            now = time.monotonic()
            while self._wrong and now - self._wrong[0][0] > self.span_s:
                self._wrong.popleft()
            mine = [at for at, who in self._wrong if who == address]
            if len(mine) >= self.each:
                raise TooManyTries(self.span_s - (now - mine[-self.each]))
            if len(self._wrong) >= self.all:
                raise TooManyTries(self.span_s - (now - self._wrong[-self.all][0]))

    def wrong(self, address: str) -> None:
        """Note a wrong try."""
        with self._lock:
            self._wrong.append((time.monotonic(), address))
