"""The browser's microphone through streamlit-webrtc, which nothing else imports."""

from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from lab.study.ear import Ear
from lab.workspace.settings import ice_servers

UNTOUCHED = {"echoCancellation": False, "noiseSuppression": False, "autoGainControl": False}
"""A browser's speech processing would cut, pump and silence what a detector should learn."""

WORDS = {
    "start": "Turn the microphone on", "stop": "Turn it off", "select_device": "Choose the microphone",
    "media_api_not_available": "This browser gives no microphone to this page. Open it by https or on localhost.",
    "device_ask_permission": "The browser is asking whether this page may use the microphone.",
    "device_not_available": "No microphone was found. Plug one in, then try again.",
    "device_access_denied": "The browser refused the microphone. Allow it beside the address, then try again.",
    "select_microphone": "Microphone",
}  # fmt: skip


def microphone(ear: Ear, key: str) -> Any:
    """Draw the microphone's switch and the choice of device; frames go to the ear.

    Args:
        ear: gets every frame, none dropped.
        key: names it on its page.

    Returns:
        streamlit-webrtc's state: `playing` and `signalling`.
    """
    from streamlit_webrtc import WebRtcMode, create_audio_sink_track, webrtc_streamer

    sink = create_audio_sink_track(ear.offer, key=f"{key}-sink", on_ended=ear.ended)
    context = webrtc_streamer(
        key=key, mode=WebRtcMode.SENDONLY, rtc_configuration={"iceServers": ice_servers()},
        media_stream_constraints={"audio": UNTOUCHED, "video": False}, sink_audio_track=sink,
        translations=WORDS, sendback_audio=False, media_toggle_controls=False,
        audio_html_attrs={"hidden": True},
    )  # fmt: skip
    return context.state


def origin_problem(url: str | None) -> str | None:
    """Return why a browser gives no microphone to a page of this address, or None.

    Args:
        url: the address as the browser has it.
    """
    parts = urlsplit(url or "")
    host = parts.hostname or "localhost"
    if parts.scheme != "http" or host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127."):
        return None
    port = f":{parts.port}" if parts.port else ""
    return (
        f"Browsers give a microphone only to pages from https or from this very machine. This one came from "
        f"http://{host}{port}. Open it by https, or on the machine itself by http://localhost{port}."
    )


def origin() -> str | None:
    """Return the problem of the address in use, or None."""
    return origin_problem(st.context.url)
