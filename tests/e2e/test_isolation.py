"""Two people of one served lab, over real HTTP and WebSockets: nothing of one is the other's, or anybody's."""

import asyncio
import time

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from lab.workspace import jobs
from scripts.isolation import addresses, sessions
from scripts.isolation.__main__ import crawled
from scripts.isolation.caller import visiting
from scripts.isolation.entry import ANN, BEN, nobody, served, signed_in
from scripts.isolation.report import Report
from scripts.isolation.things import PROJECT, Things, state_of, whole_store
from scripts.visitor import Trouble

MINE = f"project={PROJECT.replace(' ', '%20')}"
HOUR_S, WAIT_S = 3600.0, 60.0
LEAST_DOORS = 1_500
ASKS = b"Please sign in to reach your projects."


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Yield (address, whole store, Ann's things, what the crawl found); a sign-in lasts an hour."""
    folder = tmp_path_factory.mktemp("isolation")
    with served(folder, LAB_SIGN_IN_HOURS="1") as url:
        things, report = crawled(folder, url)
        yield url, whole_store(folder / "home"), things, report


def test_no_door_leads_another_or_nobody_to_a_persons_things(lab):
    _, _, _, report = lab
    assert report.leaks == []
    assert sum(report.doors.values()) > LEAST_DOORS
    assert report.doors["download"] == 8 * 2 * 2  # buttons, as two, in the name of two sessions
    assert {"page", "press", "fragment", "cancel", "component", "download", "media", "upload", "file", "program",
            "resume", "viewer", "session state", "their state", "store: cancel"} <= report.doors.keys()  # fmt: skip


def test_the_same_doors_open_to_their_owner_and_then_the_crawler_says_so(lab):
    url, _, things, _ = lab
    assert isinstance(things, Things)

    async def walk():
        report = Report()
        async with visiting(signed_in(url, ANN), signed_in(url, ANN)) as (owner, again):
            await owner.look("firmware", MINE)
            await again.look("")
            await sessions.deferred(again, owner, report)
            await owner.look("sounds", MINE, "-whole")
            await addresses.media(again, owner, set(), report)
            await sessions.pages(again, ("sounds", "train"), things, report)
            await sessions.resumed(lambda: signed_in(url, ANN), [owner.session], owner, things, report)
            await owner.look("sounds", MINE)
            await owner.upload("Sound files", "x.wav", b"RIFF")
            await addresses.uploads(again, owner, report)
        return {leak.partition(":")[0] for leak in report.leaks}

    assert asyncio.run(walk()) == {"download", "media", "page", "resume", "upload"}


def test_a_session_goes_on_only_for_whose_it_is_and_is_left_alone_by_who_names_it(lab):
    url, _, _, _ = lab

    async def walk():
        async with visiting(signed_in(url, ANN), signed_in(url, BEN), nobody(url)) as (ann, ben, other):
            await ann.look("sounds", MINE)
            for stranger in (ben, other):
                await stranger.connect(ann.session)
                await stranger.send()
                assert stranger.session != ann.session
            assert PROJECT.encode() in await ann.send()  # her connection was not taken from her
            left = ann.session
            await ann.close()
            for stranger in (signed_in(url, BEN), nobody(url), signed_in(url, ANN, ago_s=2 * HOUR_S)):
                async with visiting(stranger):
                    stranger.token = ann.token
                    await stranger.connect(left)
                    said = await stranger.send()
                    assert stranger.session != left
                    assert PROJECT.encode() not in said
            async with visiting(signed_in(url, ANN)) as (back,):
                back.cookie, back.token = ann.cookie, ann.token
                await back.connect(left)
                await back.send()
                assert back.session == left

    asyncio.run(walk())


def test_a_sign_in_that_is_over_opens_no_page_no_file_no_upload_and_no_download(lab):
    url, _, _, _ = lab

    async def walk():
        report = Report()
        late = signed_in(url, ANN, ago_s=2 * HOUR_S)
        async with visiting(signed_in(url, ANN), late) as (ann, _):
            for page in ("", "sounds", "your_data", "admin"):
                said = await late.look(page, MINE)
                assert ASKS in said
                assert PROJECT.encode() not in said
            await ann.look("firmware", MINE)
            assert ann.names.deferred
            await sessions.deferred(late, ann, report)
            await ann.look("sounds", MINE)
            assert ann.names.media
            await addresses.media(late, ann, set(), report)
            await ann.upload("Sound files", "x.wav", b"RIFF")
            await addresses.uploads(late, ann, report)
        assert report.leaks == []
        assert report.doors.keys() == {"download", "media", "upload"}

    asyncio.run(walk())


async def runs(caller):
    """Run a page again and again, for as long as the server lets it."""
    deadline = time.monotonic() + 2 * WAIT_S
    while time.monotonic() < deadline:
        await caller.again()


def test_a_sign_in_that_ends_while_a_page_is_open_ends_the_page(lab):
    url, whole, things, _ = lab

    async def opened(left_s):
        """Return Ann with a page open and so many seconds left; with more where the machine was slower."""
        ann = signed_in(url, ANN, ago_s=HOUR_S - left_s)
        if PROJECT.encode() in await ann.look("train", MINE):
            return ann
        await ann.close()
        assert left_s < WAIT_S, "no page within a minute"
        return await opened(2 * left_s)

    async def walk():
        ann = await opened(4.0)
        async with visiting(ann):
            cancel = next(each for each in ann.names.widgets if "-cancel-" in each)
            number = int(cancel.rpartition("-")[2])
            assert number in things.jobs
            left = ann.session
            with pytest.raises(Trouble, match="connection closed"):
                await runs(ann)
            before = state_of(whole, ANN)
            await ann.close()
            await ann.connect(left)
            said = await ann.send(WidgetState(id=cancel, trigger_value=True))
            assert ann.session != left
            assert ASKS in said
            assert PROJECT.encode() not in said
            assert state_of(whole, ANN) == before
            assert not jobs.job(whole, number).stop_asked

    asyncio.run(walk())
