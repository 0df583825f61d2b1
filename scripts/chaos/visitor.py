"""A browser's part of a visit, without a browser: Streamlit's WebSocket, so that the app runs its pages for real."""

import asyncio
from collections.abc import Sequence

import aiohttp
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

RUN_S = 60.0


class Visit:
    """One session with an app.

    Args:
        url: of the app.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.runs = 0

    async def walk(self, pages: Sequence[str], times: int, pause_s: float = 0.0) -> int:
        """Open pages in turn, so many runs in all; return how many ended as they should.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError: the app is away.
            AssertionError: a page raised.
        """
        limits = {"protocols": ("streamlit", "", ""), "max_msg_size": 0, "timeout": aiohttp.ClientWSTimeout(ws_close=5)}
        async with (
            aiohttp.ClientSession() as browser,
            browser.ws_connect(
                f"{self.url.replace('http', 'ws', 1)}/_stcore/stream", headers={"Origin": self.url}, **limits
            ) as socket,
        ):
            for number in range(times):
                message = BackMsg()
                message.rerun_script.page_name = pages[number % len(pages)]
                message.rerun_script.query_string = ""
                await socket.send_bytes(message.SerializeToString())
                await asyncio.wait_for(self._finished(socket), RUN_S)
                self.runs += 1
                await asyncio.sleep(pause_s)
        return self.runs

    async def _finished(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        began = False
        async for got in socket:
            if got.type is not aiohttp.WSMsgType.BINARY:
                continue
            message = ForwardMsg.FromString(got.data)
            kind = message.WhichOneof("type")
            began = began or kind == "new_session"
            if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                raise AssertionError(message.delta.new_element.exception.message)
            if kind == "script_finished" and began:
                return
        raise aiohttp.ClientConnectionError("the app closed the connection")
