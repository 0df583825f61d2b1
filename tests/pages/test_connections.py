"""A WebSocket hears its person as long as they are one, and makes downloads for nobody else."""

import asyncio

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from lab.workspace.people import Person
from pages.server import connections, media

ANN, BEN = Person("ann@example.org", "Ann"), Person("ben@example.org", "Ben")
PRESS = {"type": "websocket.receive", "bytes": b"press"}


@pytest.fixture
def hears(sign_in, monkeypatch):
    """Return a function that says what a WebSocket of `opened_by` hears, and does, once `here` is behind it."""
    clock = iter(range(0, 1_000, 2))
    monkeypatch.setattr(connections.time, "monotonic", lambda: float(next(clock)))

    def heard(opened_by, here, act=lambda: None):
        async def said():
            return PRESS

        async def both():
            sign_in.here = opened_by
            receive = connections.opened({}, said)
            sign_in.here = here
            return await receive(), await asyncio.to_thread(act)

        return asyncio.run(both())

    return heard


@pytest.mark.parametrize(("opened_by", "here", "heard"), [
    (ANN, ANN, "websocket.receive"), (None, None, "websocket.receive"), (None, ANN, "websocket.receive"),
    (ANN, None, "websocket.disconnect"), (ANN, BEN, "websocket.disconnect"),
])  # fmt: skip
def test_who_is_nobody_any_more_is_heard_no_more(hears, opened_by, here, heard):
    assert hears(opened_by, here)[0]["type"] == heard


def test_an_answer_counts_for_a_second(sign_in, monkeypatch):
    now = [10.0]
    monkeypatch.setattr(connections.time, "monotonic", lambda: now[0])
    sign_in.here = ANN
    connection = connections.Connection({})
    sign_in.here = None
    now[0] = 11.0
    assert connection.person() == ANN
    now[0] = 11.1
    assert connection.person() is None


def test_a_download_is_made_for_whom_its_button_was_drawn(hears, monkeypatch):
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    monkeypatch.setattr(media, "_here", lambda: ANN.id)
    makers, made = media.Makers(manager), []
    button = manager.add_deferred(lambda: made.append(1) or b"zip", "application/zip", "0.1", "home.zip")
    for here in (BEN, None):
        with pytest.raises(MediaFileStorageError, match="offered to somebody else"):
            hears(here, here, lambda: manager.execute_deferred(button))
    assert made == []
    name = hears(ANN, ANN, lambda: manager.execute_deferred(button))[1].rpartition("/")[2]
    assert made == [1]
    assert (makers.may_fetch(name, ANN.id), makers.may_fetch(name, BEN.id)) == (True, False)


def test_where_people_sign_in_what_nobody_asked_for_is_nobodys(sign_in):
    assert not connections.is_asking(None)
    assert not connections.is_asking(ANN.id)


def test_where_nobody_signs_in_everybody_asks():
    assert connections.is_asking(None)
