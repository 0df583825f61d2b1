"""Somebody who records: sound through WebRTC by way of a relay, cut into clips by the Record page's own ear.

`python -m scripts.chaos.recorder PROJECT CONFIRMED`: each clip that the ear confirms is a line of the file CONFIRMED,
on disk before the next is looked at. Dies with the app, whose part it plays; records on when a part is back.
"""

import asyncio
import fractions
import json
import os
import sys
import time
from pathlib import Path

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription

from lab.errors import LabError
from lab.study.ear import Ear
from lab.workspace.settings import ice_servers
from lab.workspace.store import open_store

RATE_HZ, FRAME_LEN, CLIP_S, PATIENCE_S = 48_000, 960, 1.0, 20.0


class Voice(MediaStreamTrack):
    """Noise in real time, never twice the same."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._noise, self._count, self._began = np.random.default_rng(), 0, time.monotonic()

    async def recv(self) -> av.AudioFrame:
        """Return 20 ms when it is time."""
        await asyncio.sleep(max(0.0, self._began + self._count * FRAME_LEN / RATE_HZ - time.monotonic()))
        samples = self._noise.integers(-6_000, 6_000, (1, FRAME_LEN)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
        frame.sample_rate, frame.pts = RATE_HZ, self._count * FRAME_LEN
        frame.time_base = fractions.Fraction(1, RATE_HZ)
        self._count += 1
        return frame


def relayed(told: RTCSessionDescription) -> RTCSessionDescription:
    """Return a description without the direct ways, where there is a relay."""
    lines = told.sdp.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("a=candidate") or " typ relay" in line]
    return RTCSessionDescription("".join(kept) if " typ relay" in told.sdp else told.sdp, told.type)


async def session(ear: Ear, tell: "Telling") -> None:
    """Connect, record until sound stops, and tell of every clip that is confirmed."""
    config = RTCConfiguration([RTCIceServer(**each) for each in ice_servers()])
    browser, app = RTCPeerConnection(config), RTCPeerConnection(config)
    heard = time.monotonic()

    async def hear(track: MediaStreamTrack) -> None:
        nonlocal heard
        while True:
            ear.offer(await track.recv())
            heard = time.monotonic()

    tasks = []
    app.on("track", lambda track: tasks.append(asyncio.ensure_future(hear(track))))
    try:
        browser.addTrack(Voice())
        await browser.setLocalDescription(await browser.createOffer())
        await app.setRemoteDescription(relayed(browser.localDescription))
        await app.setLocalDescription(await app.createAnswer())
        await browser.setRemoteDescription(relayed(app.localDescription))
        while time.monotonic() - heard < PATIENCE_S:
            await asyncio.sleep(0.1)
            tell.look(ear)
            if ear.hears and ear.take is None:
                try:
                    ear.start_take(tell.project_id, "alarm", CLIP_S)
                except LabError:
                    await asyncio.sleep(0.5)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(browser.close(), app.close(), return_exceptions=True), 10)
        ear.ended()


class Telling:
    """The file of confirmed clips."""

    def __init__(self, project_id: int, path: Path) -> None:
        self.project_id, self._file, self._told = project_id, path.open("a"), set[int]()

    def look(self, ear: Ear) -> None:
        """Write down what was confirmed since the last look."""
        for saved in ear.saved:
            if saved.clip_id not in self._told:
                self._told.add(saved.clip_id)
                self._file.write(
                    json.dumps({"clip": saved.clip_id, "seconds": saved.seconds, "label": saved.label}) + "\n"
                )
                self._file.flush()
                os.fsync(self._file.fileno())


def main(project_id: int, confirmed: Path) -> None:
    """Record for ever."""
    tell = Telling(project_id, confirmed)
    while True:
        try:
            ear = Ear(open_store())
            asyncio.run(session(ear, tell))
        except Exception as error:  # relay or database away: a person would press Record again
            print(f"again after {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            time.sleep(1.0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
