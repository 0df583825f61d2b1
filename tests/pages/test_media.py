import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages.server import media


def test_a_download_just_made_outlasts_the_page_runs_of_a_whole_room_and_goes_later(monkeypatch):
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    media.Makers(manager)
    button = manager.add_deferred(lambda: b"zip", "application/zip", "0.1", "home.zip")
    name = manager.execute_deferred(button).rpartition("/")[2]
    for _ in range(40):
        manager.remove_orphaned_files()
    assert manager._storage.get_file(name).content == b"zip"
    later = media.time.monotonic() + media.KEPT_S + 1
    monkeypatch.setattr(media.time, "monotonic", lambda: later)
    for _ in range(2):
        manager.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError):
        manager._storage.get_file(name)
