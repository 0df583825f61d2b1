"""The crawl: as another person, then as nobody, through every door that leads to somebody's things."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from urllib.parse import quote

from lab.sound import synth
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.workspace.store import Store
from scripts.isolation import addresses, sessions
from scripts.isolation.caller import Caller, visiting
from scripts.isolation.report import Report, told
from scripts.isolation.stored import at_the_store
from scripts.isolation.things import PROJECT, Things, state_of

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("", *sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "home"))
UNFOLDED = ("-whole", "-map", "-watch-twin")
"""Ends of the ids of what shows more once it is unfolded or switched on."""


@dataclass
class Crawl:
    """Whose things, and who tries.

    Attributes:
        whole: the instance's store.
        things: of the owner.
        other_id: who tries.
        owner, other, nobody, third: what makes a caller that is them; the third has nothing and looks at what all see.
        pages: which are opened.
    """

    whole: Store
    things: Things
    other_id: str
    owner: Callable[[], Caller]
    other: Callable[[], Caller]
    nobody: Callable[[], Caller]
    third: Callable[[], Caller]
    pages: tuple[str, ...] = PAGES
    report: Report = field(default_factory=Report)

    async def run(self) -> Report:
        """Try everything; the owner's own visit shows before and after that it is there to be found."""
        started = time.monotonic()
        async with visiting(self.owner(), self.owner(), self.other(), self.nobody(), self.third()) as callers:
            owner, holder, other, nobody, third = callers
            left = await self._left()
            await self._uploaded(holder)
            before = state_of(self.whole, self.things.owner)
            for caller in (other, nobody):
                await addresses.uploads(caller, holder, self.report)
                await addresses.programs(caller, self.things, self.report)
                await addresses.files(caller, self.whole, self.things, self.report)
                await sessions.pages(caller, self.pages, self.things, self.report)
            await self._alone(other, holder)
            self._unchanged(before, "after looking")
            for page in self.pages:
                await self._beside(page, owner, third, (other, nobody))
            before = state_of(self.whole, self.things.owner)
            for come in (self.other, self.nobody):
                await sessions.resumed(come, [owner.session, holder.session, left], owner, self.things, self.report)
            at_the_store(self.whole, self.things, self.other_id, self.report)
            self._unchanged(before, "after all that")
            assert told(await owner.look("sounds", self._mine), self.things), "the owner's visit ended"
        self.report.seconds = round(time.monotonic() - started, 1)
        return self.report

    @property
    def _mine(self) -> str:
        return f"project={quote(PROJECT)}"

    async def _left(self) -> str:
        """Return the id of a session that its owner has left, and could go on with."""
        visit = self.owner()
        await visit.look("", self._mine)
        await visit.close()
        return visit.session

    async def _uploaded(self, owner: Caller) -> None:
        """Let the owner upload a sound that waits on their page."""
        await owner.look("sounds", self._mine)
        wav = wav_bytes(Clip(synth.test_alarm("t3", 1.0, -30.0), "", ""))
        await owner.upload("Sound files", "secret alarm on its way.wav", wav)

    async def _alone(self, other: Caller, holder: Caller) -> None:
        """Try what needs a page of one's own."""
        await sessions.as_viewer(other, self.pages, self.things, self.report)
        await sessions.own_components(other, self.things, self.report)
        await sessions.others_upload(other, holder, self.things, self.report)
        await sessions.session_state(other, self.things, self.report)

    async def _beside(self, page: str, owner: Caller, third: Caller, callers: tuple[Caller, ...]) -> None:
        """Try what a page names, while its owner looks at it."""
        await owner.look(page, self._mine, *UNFOLDED)
        if owner.names.media:
            await third.look(page, "", *UNFOLDED)
        before = state_of(self.whole, self.things.owner)
        for caller in callers:
            await sessions.pressed(caller, page, owner, self.things, self.report)
            await sessions.deferred(caller, owner, self.report)
        self._unchanged(before, f"after pressing on {page}")
        for button in sorted(owner.names.deferred):
            owner.names.media.add(await owner.made(button))
        for caller in callers:
            await addresses.media(caller, owner, third.names.media, self.report)

    def _unchanged(self, before: str, when: str) -> None:
        """Note whether everything that the owner has is as it was."""
        after = state_of(self.whole, self.things.owner)
        changed = "\n".join(unified_diff(before.splitlines(), after.splitlines(), n=0))
        self.report.tried("their state", when, changed)
