"""The door of a workshop, over HTTP, and whom its cookies let in."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from lab.workspace import workshop
from lab.workspace.store import open_store
from lab.workspace.workshop import places as kept
from lab.workspace.workshop.tries import Tries
from pages.server import identity, joining, places
from pages.server.identity import Visit
from tests.pages.conftest import text


@pytest.fixture
def room(monkeypatch):
    monkeypatch.setenv("LAB_WORKSHOP", "1")
    monkeypatch.setattr(joining, "_tries", Tries(each=3))
    return workshop.begin(open_store().config.home, ("https://192.0.2.1:8443", "http://192.0.2.1:8080"))


class Browser:
    """Keeps cookies; follows no redirect."""

    def __init__(self):
        self.cookies = httpx.Cookies()

    def get(self, path):
        return asyncio.run(self._sent("GET", path))

    def post(self, path, **named):
        return asyncio.run(self._sent("POST", path, **named))

    async def _sent(self, method, path, **named):
        door = httpx.ASGITransport(Starlette(routes=joining.ROUTES))
        async with httpx.AsyncClient(transport=door, base_url="https://testserver", cookies=self.cookies) as client:
            answer = await client.request(method, path, **named)
            self.cookies = httpx.Cookies(client.cookies)
            return answer


@pytest.fixture
def browser():
    return Browser()


def here(browser):
    return identity.way().identify(Visit(dict(browser.cookies)))


def test_without_a_workshop_there_is_no_door(browser, monkeypatch):
    monkeypatch.delenv("LAB_WORKSHOP", raising=False)
    assert [browser.get("/join").status_code, browser.post("/join").status_code] == [404, 404]
    assert identity.way() is identity.LOCAL_WAY


def test_a_scanned_code_stands_in_the_form_and_one_press_gives_a_private_space(room, browser):
    assert f'value="{room.code}"' in browser.get(f"/join?code={room.code}").text
    answer = browser.post("/join", data={"code": room.code, "name": "Ada"}, headers={"Origin": "https://testserver"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/guide")
    cookie = answer.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "secure", "max-age="))
    assert here(browser).name == "Ada"
    assert not here(browser).is_admin
    assert "has the place <b>Ada</b>" in browser.get("/join").text


def test_a_wrong_code_is_one_sentence_and_what_was_typed_stays(room, browser):
    answer = browser.post("/join", data={"code": '"><b>', "name": "Ada"})
    assert answer.status_code == 422
    assert "not the code of this workshop" in answer.text
    assert 'value="Ada"' in answer.text
    assert "&quot;&gt;&lt;b&gt;" in answer.text
    assert here(browser) is None


def test_codes_cannot_be_tried_one_after_another(room, browser):
    for _ in range(3):
        browser.post("/join", data={"code": "NOPE22"})
    assert "too many wrong tries" in browser.post("/join", data={"code": room.code}).text


def test_another_browser_goes_on_by_the_return_key(room, browser):
    browser.post("/join", data={"code": room.code, "name": "Ada"})
    first, key = here(browser), browser.cookies[places.PLACE_COOKIE]
    browser.cookies.clear()
    browser.post("/join/back", data={"key": kept.shown_key(key).lower()})
    assert here(browser) == first


def test_a_form_of_another_site_makes_no_place(room, browser):
    answer = browser.post("/join", data={"code": room.code}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 404
    assert workshop.places_of(open_store()) == []


def test_the_leader_comes_in_by_the_printed_key_alone(room, browser):
    assert browser.get("/lead?key=guess").status_code == 403
    assert here(browser) is None
    answer = browser.get(f"/lead?key={room.leader_key}")
    assert answer.headers["location"] == "/room"
    assert here(browser) == places.LEADER
    assert here(browser).is_admin


def test_who_has_no_place_sees_the_way_to_the_door_and_nothing_else(room, open_page):
    app = open_page("home")
    assert 'href="/join"' in text(app)
    assert "The way" not in text(app)


@pytest.fixture
def led(room, monkeypatch):
    monkeypatch.setattr(places.Places, "identify", lambda way, visit: places.LEADER)
    return room


def test_the_projector_shows_code_address_and_where_to_learn_trust(led, open_page):
    shown = text(open_page("room"))
    assert led.shown_code in shown
    assert "https://192.0.2.1:8443/join</strong>" in shown  # typed without it, some browsers ask by http
    assert "192.0.2.1:8080" in shown
    assert led.leader_key not in shown
    assert "data:image/png;base64," in shown


def test_the_leader_sees_who_is_where_stuck_and_what_failed(led, open_page, monkeypatch):
    from lab.study import guide
    from pages.ui import presenting

    store = open_store()
    keys = [workshop.join(store, led, led.code, name, "", Tries()) for name in ("Ada <b>", "Ben")]
    ada, ben = (kept.who(store, led, key).id for key in keys)
    guide.mark(store, ada, guide.HEARD)
    guide.mark(store, ben, guide.FLASH_FAILED, data={"why": "not in boot mode"})
    monkeypatch.setattr(presenting, "STUCK_S", -1.0)
    app = open_page("room")
    app.button_group(key="room-part").set_value("Who is where").run()
    shown = text(app)
    assert "2 in, 0 done, 2 stuck" in shown
    assert "Ada &lt;b&gt;" in shown
    assert "not in boot mode" in shown
    assert shown.count('<tr class="stuck">') == 2


def test_joining_pauses_and_everything_is_erased_only_when_it_was_typed(led, open_page):
    store = open_store()
    workshop.join(store, led, led.code, "Ada", "", Tries())
    app = open_page("room")
    app.toggle(key="room-paused").set_value(True).run()
    assert workshop.current(store.config.home).paused
    app.button_group(key="room-part").set_value("End").run()
    assert app.button(key="room-reset").disabled
    app.text_input(key="room-confirm").set_value("RESET").run()
    app.button(key="room-reset").click().run()
    assert not app.exception
    assert workshop.places_of(store) == []
    assert "Erased 1 space" in text(app)


def test_sound_that_arrives_in_a_rehearsal_is_told_with_its_gaps_counted(lab_home):
    from lab.sound.capture import Gap, Tally
    from pages.ui import rehearsing

    ear = SimpleNamespace(hears=True, tally=Tally(gaps=(Gap(16_000, 480),)))
    assert rehearsing._status(ear) == "Sound arrives: 1 gap so far."
