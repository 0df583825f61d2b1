import pytest

from lab.errors import BadInput
from lab.workspace import workshop
from lab.workspace.store import open_store
from lab.workspace.workshop import places, state
from lab.workspace.workshop.tries import TooManyTries, Tries

NEAR = "192.0.2.7"


@pytest.fixture
def store():
    return open_store()


@pytest.fixture
def room(store):
    return workshop.begin(store.config.home)


def joined(store, room, name="", tries=None):
    return workshop.join(store, room, room.shown_code.lower(), name, NEAR, tries or Tries())


def test_a_code_typed_in_small_letters_with_its_dash_opens_a_place_of_ones_own(store, room):
    first, second = joined(store, room), joined(store, room)
    one, other = (places.who(store, room, key) for key in (first, second))
    assert one.id != other.id
    assert {one.name, other.name} <= set(places.NAMES)
    assert one.name != other.name
    assert not one.is_admin


def test_two_who_call_themselves_alike_are_told_apart(store, room):
    names = [places.who(store, room, joined(store, room, " Ada  L ")).name for _ in range(3)]
    assert names == ["Ada L", "Ada L 2", "Ada L 3"]


def test_a_return_key_as_it_is_shown_opens_the_same_place(store, room):
    key = joined(store, room)
    typed = places.shown_key(key).lower()
    assert len(typed) == 14
    assert workshop.return_to(store, room, typed, NEAR, Tries()) == key


def test_the_key_itself_is_nowhere_in_the_instance(store, room):
    key = joined(store, room)
    store.engine.dispose()
    files = [path for path in store.config.home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if key.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"paused": True}, "Nobody new can join"), ({"ended": 1.0}, "is over"), ({"code": "AAAAAA"}, "not the code")],
)
def test_who_may_not_join_is_told_why_in_one_sentence(store, room, change, said):
    now = workshop.change(store.config.home, **change)
    with pytest.raises(BadInput, match=said):
        workshop.join(store, now, room.code, "", NEAR, Tries())


def test_a_workshop_that_is_over_lets_nobody_go_on(store, room):
    key = joined(store, room)
    over = workshop.end(store.config.home)
    assert places.who(store, over, key) is None
    with pytest.raises(BadInput, match="is over"):
        workshop.return_to(store, over, key, NEAR, Tries())


def test_a_place_of_an_earlier_workshop_opens_nothing_in_the_next(store, room):
    key = joined(store, room)
    workshop.end(store.config.home)
    following = workshop.begin(store.config.home)
    assert following.code != room.code
    assert places.who(store, following, key) is None


def test_wrong_codes_are_few_and_right_ones_free(store, room):
    tries = Tries(each=3, all=5)
    for _ in range(10):
        joined(store, room, tries=tries)
    for _ in range(3):
        with pytest.raises(BadInput):
            workshop.join(store, room, "WRONG2", "", NEAR, tries)
    with pytest.raises(TooManyTries, match="Wait 60 seconds"):
        joined(store, room, tries=tries)
    workshop.join(store, room, room.code, "", "192.0.2.8", tries)


def test_all_together_have_a_limit_too_and_it_passes(store, room, monkeypatch):
    tries = Tries(each=3, all=4)
    for number in range(4):
        tries.wrong(f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        tries.check("192.0.2.99")
    later = state.time.monotonic() + 61
    monkeypatch.setattr("lab.workspace.workshop.tries.time.monotonic", lambda: later)
    tries.check("192.0.2.99")


def test_a_name_too_long_is_refused_and_nothing_is_made(store, room):
    with pytest.raises(BadInput, match="at most 40"):
        joined(store, room, "x" * 41)
    assert places.places_of(store, room) == []


def test_starting_again_goes_on_with_the_same_code_and_the_file_is_the_owners_alone(store, room):
    again = workshop.begin(store.config.home, ("https://192.0.2.1:8443",))
    assert (again.code, again.leader_key, again.addresses) == (room.code, room.leader_key, ("https://192.0.2.1:8443",))
    path = store.config.home / "workshop" / "workshop.json"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
