"""A visitor without a browser: Streamlit's own protocol over a WebSocket, enough to open, press, upload, download.

It does what the page's script in a browser does: keeps widget states, asks fragments again when they are due, and
fetches what a button offers. It draws nothing.
"""

import asyncio
import http.client
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileUploaderState, UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

LIMIT_S = 240.0
PRESSED = ("button", "download_button")
Wait = "asyncio.Future[Any]"


class Trouble(Exception):
    """The server showed an exception, refused, or did not answer."""


@dataclass
class Visitor:
    """One person's session.

    Attributes:
        url: of the server, http://host:port.
        cookie: as a Cookie header says it.
        token: Streamlit's own, against forged uploads; without it no sign-in counts.
        page: name of the page that is open.
        query: what its address asks for, after the question mark.
        elements: what the last run drew: type, label → message.
        auto: fragments that ask to be run again: id → seconds between.
        states: of widgets, by id.
    """

    url: str
    cookie: str = ""
    page: str = ""
    query: str = ""
    elements: dict[tuple[str, str], Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    auto: dict[str, float] = field(default_factory=dict)
    states: dict[str, WidgetState] = field(default_factory=dict)
    session: str = ""
    token: str = ""
    reruns: int = 0
    _socket: Any = None
    _finished: "asyncio.Future[Any] | None" = None
    _answers: "dict[str, asyncio.Future[Any]]" = field(default_factory=dict)
    _tasks: list[Any] = field(default_factory=list)
    _problem: str = ""
    _fragment: str = ""
    _hash: str = ""
    _changed: float = 0.0

    async def join(self, code: str, name: str) -> None:
        """Type the code at the workshop's door, and keep the cookie."""
        status, headers, _ = await asyncio.to_thread(
            self._request, "POST", "/join", urlencode({"code": code, "name": name}).encode(),
            "application/x-www-form-urlencoded",
        )  # fmt: skip
        if status != 303:
            raise Trouble(f"/join answered {status}")
        place = headers["set-cookie"].partition(";")[0]
        _, headers, _ = await asyncio.to_thread(self._request, "GET", "/_stcore/health")
        own = headers["set-cookie"].partition(";")[0]  # Streamlit's, against forged uploads
        self.cookie, self.token = f"{place}; {own}", own.partition("=")[2]

    async def connect(self, session: str = "") -> None:
        """Open the session; with the id of an earlier one, ask to go on with that."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        named = ["streamlit", self.token or "nothing", *([session] if session else [])]
        self._socket = await websockets.connect(
            address, subprotocols=named, additional_headers={"Cookie": self.cookie}, origin=self.url,
            max_size=None, open_timeout=LIMIT_S, ping_interval=None,
        )  # fmt: skip
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._ask_again())]

    async def close(self) -> None:
        """Leave; `connect` may follow, as in a new tab."""
        for task in self._tasks:
            task.cancel()
        self._finished = None  # what a fragment waited for never comes
        if self._socket is not None:
            await self._socket.close()

    async def open(self, page: str, query: str = "") -> float:
        """Open a page; return how long it took, in seconds."""
        self.page, self.query, self.states, self.auto, self._hash = page, query, {}, {}, ""
        return await self._run()

    async def press(self, label: str) -> float:
        """Press a button; return how long the page took to be drawn again."""
        widget = self.find("button", label)
        if widget.disabled:
            raise Trouble(f"{label} is disabled")
        return await self._run(WidgetState(id=widget.id, trigger_value=True))

    async def upload(self, label: str, name: str, data: bytes) -> float:
        """Put a file into an uploader; return how long it took, the page drawn again included."""
        started = time.monotonic()
        widget = self.find("file_uploader", label)
        asked, number = BackMsg(), uuid.uuid4().hex
        asked.file_urls_request.request_id, asked.file_urls_request.session_id = number, self.session
        asked.file_urls_request.file_names.append(name)
        urls = (await self._answer(number, asked)).file_urls[0]
        mark = uuid.uuid4().hex
        body = (f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n').encode()
        body += data + f"\r\n--{mark}--\r\n".encode()
        status, _, text = await asyncio.to_thread(
            self._request, "PUT", urls.upload_url, body, f"multipart/form-data; boundary={mark}"
        )
        if status not in (200, 204):
            raise Trouble(f"upload answered {status}: {text[:100]!r}")
        info = UploadedFileInfo(name=name, size=len(data), file_id=urls.file_id, file_urls=urls)
        state = FileUploaderState(uploaded_file_info=[info])
        self.states[widget.id] = WidgetState(id=widget.id, file_uploader_state_value=state)
        await self._run()
        return time.monotonic() - started

    async def choose(self, label: str, value: str) -> float:
        """Choose, or type, an option of a select box."""
        widget = self.find("selectbox", label)
        self.states[widget.id] = WidgetState(id=widget.id, string_value=value)
        return await self._run()

    async def download(self, label: str) -> bytes:
        """Press a download that is made when it is pressed; return its bytes."""
        widget = self.find("download_button", label)
        address = await self.made(widget.deferred_file_id) if widget.deferred_file_id else widget.url
        status, _, data = await asyncio.to_thread(self._request, "GET", address)
        if status != 200:
            raise Trouble(f"{label} answered {status}")
        return data

    async def made(self, deferred: str) -> str:
        """Let a download be made that is made when it is pressed; return its address."""
        asked, number = BackMsg(), uuid.uuid4().hex
        asked.backend_operation_request.request_id = number
        asked.backend_operation_request.session_id = self.session
        asked.backend_operation_request.deferred_file.file_id = deferred
        told = await self._answer(number, asked)
        if told.error_msg:
            raise Trouble(told.error_msg)
        return str(told.deferred_file.url)

    async def until(self, kind: str, label: str, limit_s: float = LIMIT_S) -> float:
        """Wait until the page shows something by itself; return how long that took."""
        started = time.monotonic()
        while not self.has(kind, label):
            if time.monotonic() - started > limit_s:
                raise Trouble(f"{label!r} did not appear on {self.page} within {limit_s:.0f} s")
            await asyncio.sleep(0.1)
            if self._problem:
                raise Trouble(self._problem)
        return time.monotonic() - started

    def has(self, kind: str, label: str) -> bool:
        """Whether the page shows a widget, or ("text") some words."""
        if kind == "text":
            return any(label in each for each in self.texts)
        return any(each == kind and label in text for each, text in self.elements)

    def find(self, kind: str, label: str) -> Any:
        """Return a widget by its kind and words of its label.

        Raises:
            Trouble: it is not on the page.
        """
        for (each, text), message in self.elements.items():
            if each == kind and label in text:
                return message
        raise Trouble(f"no {kind} {label!r} on {self.page!r}; there are {sorted(text for each, text in self.elements)}")

    async def _run(self, *pressed: WidgetState, fragment: str = "") -> float:
        while self._finished is not None and not self._finished.done():  # a fragment is being drawn
            await asyncio.wait([self._finished])
        started, self._problem, self._fragment = time.monotonic(), "", fragment
        self._finished = asyncio.get_running_loop().create_future()
        state = ClientState(fragment_id=fragment, is_auto_rerun=bool(fragment), page_script_hash=self._hash)
        state.page_name, state.query_string = "" if self._hash else self.page, self.query
        state.widget_states.widgets.extend([*self.states.values(), *pressed])
        state.context_info.url, state.context_info.timezone = f"{self.url}/{self.page}", "UTC"
        if not fragment:
            self._fresh()
        try:
            await self._socket.send(BackMsg(rerun_script=state).SerializeToString())
        except websockets.ConnectionClosed as error:
            self._finished = None  # nothing will end it
            raise Trouble(f"the connection closed: {error}") from error
        await asyncio.wait_for(asyncio.shield(self._finished), LIMIT_S)
        self.reruns += 1
        if self._problem:
            raise Trouble(self._problem)
        return time.monotonic() - started

    def _fresh(self) -> None:
        self.elements, self.texts = {}, []

    async def _answer(self, number: str, asked: BackMsg) -> Any:
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(asked.SerializeToString())
        try:
            return await asyncio.wait_for(self._answers[number], LIMIT_S)
        finally:
            del self._answers[number]

    async def _ask_again(self) -> None:
        """Run fragments again as often as they ask for it."""
        due: dict[str, float] = {}
        while True:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            due = {each: due.get(each, now + every) for each, every in self.auto.items()}
            for each, at in due.items():
                if now >= at and (self._finished is None or self._finished.done()):
                    due[each] = now + self.auto.get(each, 1.0)
                    try:
                        await self._run(fragment=each)
                    except Trouble as error:
                        self._problem = str(error)
                    break

    async def _listen(self) -> None:
        try:
            async for data in self._socket:
                self._heard(ForwardMsg.FromString(data))
        except websockets.ConnectionClosed as error:
            self._problem = f"the connection closed: {error}"
        except Exception as error:  # a message of another version: told, not waited for
            self._problem = f"a message was not understood: {type(error).__name__}: {error}"
        for future in (self._finished, *self._answers.values()):
            if future is not None and not future.done():
                future.set_exception(Trouble(self._problem or "the connection closed"))

    def _heard(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id
            if not self._fragment:
                self._fresh()
                self.auto = {}
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "auto_rerun":
            self.auto[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for each in message.stop_auto_rerun.fragment_ids:
                self.auto.pop(each, None)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._drawn(message.delta.new_element)
        elif kind == "script_finished" and self._finished is not None and not self._finished.done():
            if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._fragment = ""  # the whole page follows
            else:
                self._finished.set_result(None)
        elif kind in ("file_urls_response", "backend_operation_response"):
            answer = getattr(message, kind)
            number = answer.response_id if kind == "file_urls_response" else answer.request_id
            if number in self._answers:
                self._answers[number].set_result(answer)

    def _drawn(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        message = getattr(element, kind)
        if kind == "exception":
            self._problem = f"{message.type}: {message.message}"[:500]
        elif kind in ("markdown", "html", "alert", "text", "heading", "toast"):
            self.texts.append(str(getattr(message, "body", "")))
        elif hasattr(message, "label"):
            self.elements[kind, message.label] = message

    def _request(
        self, method: str, path: str, body: bytes | None = None, kind: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=LIMIT_S)
        try:
            sent = {"Cookie": self.cookie, "Origin": self.url, "X-Xsrftoken": self.token, **(headers or {})}
            connection.request(method, path, body, sent | ({"Content-Type": kind} if kind else {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()
