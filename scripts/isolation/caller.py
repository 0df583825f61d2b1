"""A visitor that keeps everything it hears, notes every name in it that opens something, and says what it likes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from scripts.visitor import Trouble, Visitor

WIDGET, MEDIA = "$$ID-", "/media/"


@dataclass
class Names:
    """What a person's pages name: whoever may send it back opens something of theirs.

    Attributes:
        media: addresses of sounds, pictures and files.
        deferred: downloads that are made when they are pressed.
        fragments: parts of pages that can be drawn alone.
        widgets: by id, the kind of element.
    """

    media: set[str] = field(default_factory=set)
    deferred: set[str] = field(default_factory=set)
    fragments: set[str] = field(default_factory=set)
    widgets: dict[str, str] = field(default_factory=dict)


@dataclass
class Caller(Visitor):
    """One session of the crawler.

    Attributes:
        said: what the server sent since `forget`, message after message.
        names: what it named since then.
    """

    said: list[bytes] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def forget(self) -> None:
        """Begin to listen anew."""
        self.said, self.names = [], Names()

    def everything(self) -> bytes:
        """Return what the server sent since `forget`."""
        return b"\n".join(self.said)

    async def look(self, page: str, query: str = "", *unfolded: str) -> bytes:
        """Open a page by its address, as in a new tab: a session of its own. Return everything that came.

        An error that the page shows is part of that.

        Args:
            page: its name.
            query: of its address.
            unfolded: ends of the ids of what shows more once it is unfolded or switched on.
        """
        await self.close()
        await self.connect()
        self.forget()
        with suppress(Trouble):
            await self.open(page, query)
        folded = [each for each in self.names.widgets if unfolded and each.endswith(unfolded)]
        self.states |= {each: WidgetState(id=each, bool_value=True) for each in folded}
        if folded:
            self.names.media, self.names.deferred = set(), set()  # the run before named others
            with suppress(Trouble):
                await self._run()
        return self.everything()

    async def send(self, *states: WidgetState, fragment: str = "") -> bytes:
        """Send states of widgets, whether they are ours or not; return what came of it.

        A fragment is asked for first; the server may leave that unanswered, but not the whole page's run after it.
        """
        self.said = []
        if fragment:
            message = BackMsg()
            message.rerun_script.page_script_hash, message.rerun_script.fragment_id = self._hash, fragment
            message.rerun_script.widget_states.widgets.extend(states)
            await self._socket.send(message.SerializeToString())
        with suppress(Trouble):
            await self._run(*states)
        return self.everything()

    async def again(self) -> None:
        """Run the page again.

        Raises:
            Trouble: the server closed the connection, or the page shows an error.
        """
        await self._run()

    async def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Ask by HTTP, with what this person's browser would send along; return status and body."""
        status, _, data = await asyncio.to_thread(self._request, method, path, body, headers=headers)
        return status, data

    def _heard(self, message: ForwardMsg) -> None:
        self.said.append(message.SerializeToString())
        self._note(message)
        super()._heard(message)

    def _note(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type") or ""
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            kind = message.delta.new_element.WhichOneof("type") or ""
        for name, text in _texts(message):
            if name == "fragment_id" and text:
                self.names.fragments.add(text)
            elif name == "deferred_file_id" and text:
                self.names.deferred.add(text)
            elif text.startswith(MEDIA):
                self.names.media.add(text)
            elif text.startswith(WIDGET):
                self.names.widgets[text] = kind


@asynccontextmanager
async def visiting(*callers: Caller) -> AsyncIterator[tuple[Caller, ...]]:
    """Let callers leave at the end."""
    try:
        yield callers
    finally:
        for each in callers:
            await each.close()


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    """Yield every text in a message, with the name of its field."""
    for described, value in message.ListFields():
        for each in value if _is_many(value) else [value]:
            if isinstance(each, Message):
                yield from _texts(each)
            elif isinstance(each, str):
                yield described.name, each


def _is_many(value: Any) -> bool:
    return not isinstance(value, (Message, str, bytes)) and hasattr(value, "__iter__") and not hasattr(value, "keys")
