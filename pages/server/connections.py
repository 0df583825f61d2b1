"""Who is behind a WebSocket: known by the cookies it came with, asked again and again while it is open.

A page asks at each run; what a press does by itself, such as a callback or a download that is made when it is pressed,
comes before any page is drawn. So a WebSocket whose person is nobody any more (their sign-in is over, the workshop has
ended) hears nothing more: it is closed, and the browser comes back as nobody.
"""

import time
from collections.abc import Mapping
from contextvars import ContextVar

from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive

from lab.workspace.people import Person
from pages.server import identity

LOOK_S = 1.0
"""An answer counts for so long: a page that listens live says something six times a second."""
_asking: ContextVar["Connection | None"] = ContextVar("connection", default=None)


class Connection:
    """An open WebSocket.

    Args:
        cookies: as the browser sent them when it opened it.
    """

    def __init__(self, cookies: Mapping[str, str]) -> None:
        self._cookies = cookies
        self._looked, self._person = time.monotonic(), identity.person_asking(cookies)
        self._opened_by = self._person

    def person(self) -> Person | None:
        """Return who is behind it now, or None for nobody."""
        if time.monotonic() - self._looked > LOOK_S:
            self._looked, self._person = time.monotonic(), identity.person_asking(self._cookies)
        return self._person

    def is_over(self) -> bool:
        """Whether somebody opened it who is nobody now, or somebody else."""
        here = self.person()
        return self._opened_by is not None and (here is None or here.id != self._opened_by.id)


def opened(cookies: Mapping[str, str], receive: Receive) -> Receive:
    """Return what a WebSocket hears, which ends when its person's time does.

    What is done in answer to it, in whatever thread, finds the connection by `is_asking`.
    """
    connection = Connection(cookies)
    _asking.set(connection)

    async def received() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and await run_in_threadpool(connection.is_over):
            return {"type": "websocket.disconnect", "code": 1008}
        return message

    return received


def is_asking(person: str | None) -> bool:
    """Whether what is being done was asked for by this person, by their id; by anybody where nobody signs in."""
    if identity.way() is identity.LOCAL_WAY:
        return True
    connection = _asking.get()
    here = connection.person() if connection else None
    return here is not None and here.id == person
