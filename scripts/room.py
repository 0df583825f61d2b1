"""Forty people at once, scripted: `python scripts/room.py URL CODE --people 40` prints what each action took, as JSON.

Each joins by the code and walks the guided track with pauses as people make them. There is no microphone: their sounds
come by upload, and the virtual board, which runs in a browser, is only opened.
"""

import argparse
import asyncio
import io
import json
import random
import sys
import time
import wave
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from visitor import Trouble, Visitor

RATE_HZ = 16_000


def whistle(rng: random.Random, seconds: float = 4.0) -> bytes:
    """Return a WAV file that nobody else has: a rising noise."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(rng.randbytes(round(RATE_HZ * seconds) * 2))
    return buffer.getvalue()


class Walk:
    """One person's way; `done` tells each action with its seconds."""

    def __init__(self, args: argparse.Namespace, number: int) -> None:
        self.args, self.number = args, number
        self.rng = random.Random(1_000 * args.seed + number)
        self.visitor = Visitor(args.url)
        self.done: list[dict[str, Any]] = []
        self.clips: list[str] = []
        self.error = ""

    async def go(self) -> None:
        """Walk it; what goes wrong ends the walk and is told."""
        try:
            await asyncio.sleep(self.rng.uniform(0, self.args.arrive))
            await self._walk()
        except (Trouble, OSError, TimeoutError, asyncio.CancelledError) as error:
            where = self.done[-1]["what"] if self.done else "start"
            self.error = f"after {where}: {type(error).__name__}: {error}"[:600]
        finally:
            await self.visitor.close()

    async def _walk(self) -> None:
        me = self.visitor
        await self._timed("join", me.join(self.args.code, f"Person {self.number}"))
        await me.connect()
        await self._page("guide")
        await self._page("listen")
        for place in range(self.args.clips):
            await self._add(place)
        await self._page("listen")
        pressed = time.monotonic()
        await self._timed("press Teach it", me.press("Teach it"))
        await me.until("text", "Before and after")
        self._note("teach", time.monotonic() - pressed, is_action=False)
        await self._think()
        await self._page("optimize")
        await self._page("firmware")
        if self.args.compile:
            pressed = time.monotonic()
            await self._timed("press Compile", me.press("Compile"))
            await me.until("download_button", ".uf2", 600)
            self._note("compile", time.monotonic() - pressed, is_action=False)
            await self._think()
        await self._page("board")
        await self._page("guide")
        pressed = time.monotonic()
        await self._timed("press Make my card", me.press("Make my card"))
        await me.until("download_button", "Take everything home", 600)
        self._note("card", time.monotonic() - pressed, is_action=False)
        started = time.monotonic()
        data = await me.download("Take everything home")
        self._note("download", time.monotonic() - started)
        if not data.startswith(b"PK"):
            raise Trouble("what came home is no zip")

    async def _add(self, place: int) -> None:
        me, name = self.visitor, f"person {self.number} sound {place}.wav"
        await self._page("sounds")
        await self._timed("upload", me.upload("Sound files", name, whistle(self.rng)))
        await self._timed("label", me.choose("Label", "not_alarm"))
        await self._timed("press Add", me.press("Add"))
        if not me.has("text", "Added 1 sound"):
            raise Trouble(f"{name} was not confirmed: {[each[:80] for each in me.texts[1:]]}")
        self.clips.append(name)
        await self._think()

    async def _page(self, name: str) -> None:
        await self._timed(f"open {name}", self.visitor.open(name))
        await self._think()

    async def _timed(self, what: str, work: Any) -> None:
        started = time.monotonic()
        await work
        self._note(what, time.monotonic() - started)

    def _note(self, what: str, seconds: float, is_action: bool = True) -> None:
        self.done.append({"what": what, "s": round(seconds, 3), "action": is_action})

    async def _think(self) -> None:
        least, most = self.args.think
        await asyncio.sleep(self.rng.uniform(least, most))


async def main(args: argparse.Namespace) -> dict[str, Any]:
    """Let everybody walk; return what they did."""
    walks = [Walk(args, number) for number in range(args.people)]
    started = time.monotonic()
    await asyncio.gather(*(walk.go() for walk in walks))
    return {
        "seconds": round(time.monotonic() - started, 1), "done": [each for walk in walks for each in walk.done],
        "errors": [f"person {walk.number} {walk.error}" for walk in walks if walk.error],
        "clips": [name for walk in walks for name in walk.clips],
        "reruns": sum(walk.visitor.reruns for walk in walks),
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("code")
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--clips", type=int, default=2, help="sounds that each adds")
    parser.add_argument("--think", type=float, nargs=2, default=(5.0, 15.0), metavar=("LEAST", "MOST"))
    parser.add_argument("--arrive", type=float, default=20.0, help="everybody is in within so many seconds")
    parser.add_argument("--compile", action="store_true", help="also compile firmware")
    parser.add_argument("--seed", type=int, default=1)
    json.dump(asyncio.run(main(parser.parse_args())), sys.stdout)
