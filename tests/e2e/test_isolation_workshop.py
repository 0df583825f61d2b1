"""Two places and the leader of a served workshop, over real HTTP and WebSockets: nobody reaches what is another's."""

import asyncio
from urllib.parse import urlencode

import pytest
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.WidgetStates_pb2 import WidgetState

from lab.workspace import workshop
from lab.workspace.store import LOCAL_OWNER
from lab.workspace.workshop.places import places_of, token_id
from scripts.isolation import sessions
from scripts.isolation.caller import Caller, visiting
from scripts.isolation.crawl import Crawl
from scripts.isolation.report import Report
from scripts.isolation.things import PROJECT, beside, seeded, whole_store
from tests.rooms import room

PLACE, LEADER = "lab_place", "lab_leader"
PAGES = {"Ada": ("guide", "sounds", "train", "your_data"), "leader": ("sounds", "room", "admin")}
DOWNLOADS = {"Ada": 2, "leader": 1}
LEAST_DOORS = 650
CLOSED, ASKS = b"For the leader of a workshop", b"Join the workshop to get a space of your own"
PARTS = {"Way in": b"room-paused", "Who is where": b"lab-room", "End": b"room-end"}
"""Of the Room page, and something that each draws."""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """Yield (whole store, workshop, callers by name, the things of Ada's place and of the leader by owner)."""
    home = tmp_path_factory.mktemp("room") / "home"
    with room(home) as served:
        url = f"http://localhost:{served.local}"
        now = workshop.current(home)
        people = {name: asyncio.run(joined(url, now.code, name)) for name in ("Ada", "Bob", "Cleo")}
        own = people["Ada"].cookie.partition("; ")[2]
        people["leader"] = Caller(url, cookie=f"{LEADER}={now.leader_key}; {own}", token=people["Ada"].token)
        whole, bob = whole_store(home), place_id(people["Bob"])
        things = {each: seeded(whole, each, bob) for each in (place_id(people["Ada"]), LOCAL_OWNER)}
        beside(whole, bob, things[LOCAL_OWNER])
        yield whole, now, people, things


async def joined(url, code, name):
    caller = Caller(url)
    await caller.join(code, name)
    return caller


def again(caller):
    """Return what makes another session of the same browser."""
    return lambda: Caller(caller.url, cookie=caller.cookie, token=caller.token)


def place_key(caller):
    return caller.cookie.partition(f"{PLACE}=")[2].partition(";")[0]


def place_id(caller):
    return token_id(place_key(caller))


def without(caller):
    """Return what makes a caller that never joined."""
    return lambda: Caller(caller.url, cookie=caller.cookie.partition("; ")[2], token=caller.token)


@pytest.mark.parametrize("whose", PAGES)
def test_no_door_leads_a_place_or_nobody_to_anothers_things(here, whose):
    whole, now, people, things = here
    owner, other = people[whose], people["Bob"]
    owned = things[LOCAL_OWNER if whose == "leader" else place_id(owner)]
    crawl = Crawl(
        whole, owned, place_id(other), again(owner), again(other), without(other), again(people["Cleo"]), PAGES[whose],
    )  # fmt: skip
    report = asyncio.run(crawl.run())
    print(f"{whose}: {sum(report.doors.values())} doors, {len(report.leaks)} leaks")
    assert report.leaks == []
    assert sum(report.doors.values()) > LEAST_DOORS
    assert report.doors["download"] == DOWNLOADS[whose] * 2 * 2  # buttons, as two, in the name of two sessions
    assert whose == "leader" or report.doors["cancel"] == len(owned.jobs) * 2
    assert {"page", "press", "fragment", "component", "media", "upload", "file", "program", "resume",
            "viewer", "session state", "their state"} <= report.doors.keys()  # fmt: skip
    assert workshop.current(whole.config.home) == now
    assert {each.person.name for each in places_of(whole)} == {"Ada", "Bob", "Cleo"}


def test_the_leaders_buttons_do_nothing_for_a_place(here):
    whole, now, people, things = here
    home = whole.config.home

    async def press():
        report = Report()
        async with visiting(again(people["leader"])(), again(people["Bob"])()) as (leader, bob):
            for part, mark in PARTS.items():
                await leader.look("room")
                choice = next(each for each in leader.names.widgets if each.endswith("-room-part"))
                chosen = WidgetState(id=choice, string_array_value=StringArray(data=[part]))
                assert mark in await leader.send(chosen)
                await sessions.pressed(bob, "room", leader, things[LOCAL_OWNER], report)
                assert CLOSED in bob.everything()
                assert workshop.current(home) == now
            await leader.look("room")
            pause = next(each for each in leader.names.widgets if each.endswith("-room-paused"))
            for paused in (True, False):
                await leader.send(WidgetState(id=pause, bool_value=paused))
                assert workshop.current(home).paused is paused
        return report

    report = asyncio.run(press())
    assert report.leaks == []
    assert report.doors["press"] > len(PARTS)
    assert len(places_of(whole)) == 3


@pytest.mark.parametrize("key", ["", "code", "id", "key"])
def test_what_a_place_knows_makes_no_leader(here, key):
    _, now, people, _ = here
    bob = people["Bob"]
    known = {"code": now.code, "id": now.id, "key": place_key(bob)}.get(key, "")

    async def walk():
        async with visiting(Caller(bob.url, cookie=f"{LEADER}={known}; {bob.cookie}", token=bob.token)) as (as_leader,):
            said = await as_leader.look("room")
            return (await bob.ask("GET", f"/lead?{urlencode({'key': known})}"))[0], said

    status, said = asyncio.run(walk())
    assert status == 403
    assert CLOSED in said


def test_only_its_key_opens_a_place(here):
    _, now, people, _ = here
    ada, own = people["Ada"], people["Ada"].cookie.partition("; ")[2]

    async def look(key):
        async with visiting(Caller(ada.url, cookie=f"{PLACE}={key}; {own}", token=ada.token)) as (caller,):
            return await caller.look("sounds", urlencode({"project": PROJECT}))

    assert PROJECT.encode() in asyncio.run(look(place_key(ada)))
    other = place_key(ada)[:-1] + ("A" if place_key(ada)[-1] != "A" else "B")
    for known in (other, "Ada", place_id(ada), place_id(ada).partition(":")[2], now.code, LOCAL_OWNER, ""):
        said = asyncio.run(look(known))
        assert ASKS in said
        assert PROJECT.encode() not in said
