"""A published data set comes into a project: fetched, checked, chosen from, and added with recordings and licence."""

import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from lab import fetch
from lab.cli import main
from lab.errors import BadInput, Cancelled, LabError
from lab.sound import published
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.sound.published import ESC50, SPEECH_COMMANDS, Choice
from lab.study import downloads
from lab.workspace.context import run_inline
from lab.workspace.store import open_store
from tests.lab.files_server import Plan, serving

COMMIT = "33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6"
TASK = "lab.study.tasks:download_data"


def sound(number):
    return wav_bytes(Clip(np.random.default_rng(number).integers(-900, 900, 512).astype(np.int16), "", ""))


@pytest.fixture(scope="module")
def esc50_zip():
    """An archive as GitHub makes it: 50 kinds of 40 clips, two of each recording."""
    rows, buffer = ["filename,fold,target,category,esc10,src_file,take"], io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for target, kind in enumerate(ESC50.labels):
            for place in range(40):
                source, take = 100_000 + target * 20 + place // 2, "AB"[place % 2]
                name = f"{place // 8 + 1}-{source}-{take}-{target}.wav"
                esc10 = kind in ESC50.subsets["ESC-10"]
                rows.append(f"{name},{place // 8 + 1},{target},{kind},{esc10},{source},{take}")
                archive.writestr(f"ESC-50-master/audio/{name}", sound(target * 40 + place))
        archive.writestr("ESC-50-master/meta/esc50.csv", "\n".join(rows))
        archive.comment = COMMIT.encode()
    return buffer.getvalue()


@pytest.fixture(scope="module")
def words_tar():
    """An archive as Google's: a folder a word, file names that tell the speaker."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        number = 0
        for word in ("yes", "no", "_background_noise_"):
            for speaker in ("0a7c2a8d", "1b4c9b89", "f92e49f3"):
                for take in range(3):
                    number += 1
                    entry = tarfile.TarInfo(f"./{word}/{speaker}_nohash_{take}.wav")
                    entry.size = len(data := sound(number))
                    archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def store(lab_home):
    return open_store()


@pytest.fixture
def offered(monkeypatch):
    """Return a function that offers an archive under a key, from a plan's server."""

    def offer(known, url, data, sha256=""):
        made = replace(known, url=url, size_bytes=len(data), sha256=sha256)
        monkeypatch.setitem(published.CATALOGUE, known.key, made)
        return made

    return offer


def words_of(offered, url, data):
    return offered(SPEECH_COMMANDS, url, data, hashlib.sha256(data).hexdigest())


def test_esc10_comes_with_folds_recordings_licence_and_commit(store, offered, esc50_zip):
    project = store.project("Kitchen")
    with serving(Plan(esc50_zip, etag='W/"x"', ranges=False, tells_length=False)) as url:
        data = offered(ESC50, url, esc50_zip)
        told = downloads.download(store, project.id, data, Choice(("dog", "rain"), 3))
    assert (told["added"], told["already"], told["refused"]) == (6, 0, [])
    clips = store.clips(project.id)
    assert {clip.label for clip in clips} == {"dog", "rain"}
    assert {(clip.licence, clip.source) for clip in clips} == {("ESC-10: CC BY", "ESC-50 33c8ce9e")}
    assert all(clip.name.split("-")[1] == clip.recording_id for clip in clips)
    assert all(clip.name.startswith(f"{clip.fold}-") for clip in clips)
    assert len({clip.recording_id for clip in clips}) == 6  # one of each recording before a second of any


def test_a_word_keeps_its_speaker_and_its_licence(store, offered, words_tar):
    project = store.project("Words")
    with serving(Plan(words_tar)) as url:
        told = downloads.download(store, project.id, words_of(offered, url, words_tar), Choice())
    assert told["labels"] == {"no": 9, "yes": 9}
    clips = store.clips(project.id)
    assert {clip.recording_id for clip in clips} == {"speaker 0a7c2a8d", "speaker 1b4c9b89", "speaker f92e49f3"}
    assert {(clip.licence, clip.source) for clip in clips} == {("Speech Commands: CC BY 4.0", "Speech Commands 0.02")}
    assert "yes 0a7c2a8d_nohash_0.wav" in {clip.name for clip in clips}


def test_other_words_need_no_second_download_and_the_same_ones_are_not_added_twice(store, offered, words_tar):
    project, plan = store.project("Words"), Plan(words_tar)
    with serving(plan) as url:
        data = words_of(offered, url, words_tar)
        downloads.download(store, project.id, data, Choice(("yes",), 2))
        again = downloads.download(store, project.id, data, Choice(("yes", "no"), 2))
    assert (again["added"], again["already"]) == (2, 2)
    assert len(plan.asked) == 1
    downloads.discard(store.config, data)
    assert downloads.bytes_here(store.config, data) == 0
    assert len(store.clips(project.id)) == 4


def test_a_choice_is_the_same_each_time_and_takes_many_speakers(store, offered, words_tar):
    chosen = []
    with serving(Plan(words_tar)) as url:
        data = words_of(offered, url, words_tar)
        for name in ("One", "Two"):
            project = store.project(name)
            downloads.download(store, project.id, data, Choice(("no",), 3))
            chosen.append({clip.name for clip in store.clips(project.id)})
    assert chosen[0] == chosen[1]
    assert len({name.split("_")[0] for name in chosen[0]}) == 3


def test_progress_counts_kib_then_clips_to_the_end(store, offered, words_tar, monkeypatch):
    monkeypatch.setattr(downloads, "TOLD_S", 0.0)
    seen = []
    with serving(Plan(words_tar)) as url:
        data = words_of(offered, url, words_tar)
        project = store.project("Words")
        downloads.download(store, project.id, data, Choice(("no",), 3), lambda *told: seen.append(told))
    done = [each[0] for each in seen if each[1]]
    assert done == sorted(done)
    assert all(each[0] <= each[1] for each in seen)
    assert "Speech Commands: all of it is here; checking" in [each[2] for each in seen]
    assert seen[-1][2].startswith("adding no ")


def test_a_cancelled_download_goes_on_where_it_was(store, offered, words_tar):
    project, plan = store.project("Words"), Plan(words_tar, cuts=[5_000])

    def stopped(*_):
        raise Cancelled

    with serving(plan) as url:
        data = words_of(offered, url, words_tar)
        with pytest.raises(Cancelled):
            downloads.download(store, project.id, data, Choice(), stopped)
        kept = downloads.bytes_here(store.config, data)
        assert downloads.download(store, project.id, data, Choice())["added"] == 18
    assert 0 < kept <= 5_000
    assert plan.asked[1]["Range"] == f"bytes={kept}-"


def test_a_wrong_archive_adds_nothing(store, offered, words_tar):
    project = store.project("Words")
    with serving(Plan(words_tar[:-50] + bytes(50))) as url:
        data = words_of(offered, url, words_tar)
        with pytest.raises(BadInput, match="not the file that its authors published"):
            downloads.download(store, project.id, data, Choice())
    assert list(store.clips(project.id)) == []
    assert downloads.bytes_here(store.config, data) == 0


def flipped(data):
    """Return the archive with one byte of a sound changed."""
    place = data.index(b"data", 5_000) + 500
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def fewer(data):
    """Return the archive without the last row of its table."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry, content.rpartition(b"\n")[0] if entry.filename.endswith(".csv") else content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: b"<html>Please sign in to this network</html>", "not ESC-50's whole archive"),
        (lambda data: data[: len(data) // 2], "not ESC-50's whole archive"),
        (flipped, "one of them damaged"),
        (fewer, "1999 clips of 50 kinds"),
    ],
    ids=["a sign-in page", "half", "a flipped bit", "a row less"],
)
def test_an_esc50_that_is_not_whole_is_deleted_and_adds_nothing(store, offered, esc50_zip, spoil, says):
    project = store.project("Kitchen")
    with serving(Plan(spoil(esc50_zip), tells_length=False)) as url:
        data = offered(ESC50, url, esc50_zip)
        with pytest.raises(BadInput, match=says):
            downloads.download(store, project.id, data, Choice())
    assert list(store.clips(project.id)) == []
    assert downloads.bytes_here(store.config, data) == 0


def test_too_little_room_is_said_before_anything_is_fetched(store, offered, words_tar, monkeypatch):
    monkeypatch.setattr(downloads, "free_bytes", lambda config: 100_000_000)
    plan = Plan(words_tar)
    with serving(plan) as url:
        data = words_of(offered, url, words_tar)
        with pytest.raises(LabError, match=r"Speech Commands needs 20\d MB here and the disk has 95 MB free"):
            downloads.download(store, store.project("Words").id, data, Choice(("no",), 3))
    assert plan.asked == []


def test_two_downloads_at_once_do_not_write_one_file(store, offered, words_tar):
    data = offered(SPEECH_COMMANDS, "http://127.0.0.1:9/x", words_tar, "0" * 64)
    with downloads._alone(store.config, data), pytest.raises(LabError, match="is being downloaded just now"):
        downloads.download(store, store.project("Words").id, data, Choice())


def test_the_task_tells_what_it_added_and_the_worker_may_run_it(store, offered, words_tar):
    project = store.project("Words")
    with serving(Plan(words_tar)) as url:
        words_of(offered, url, words_tar)
        args = {"project_id": project.id, "data": "speech_commands", "labels": ["yes"], "most": 4}
        result = run_inline(TASK, args, store.config)
    assert json.loads(json.dumps(result))["added"] == 4
    assert result["archive_bytes"] == len(words_tar)


def test_the_command_line_downloads_and_refuses_in_a_sentence(store, offered, words_tar, capfd):
    with serving(Plan(words_tar)) as url:
        words_of(offered, url, words_tar)
        args = ["data", "download", "Words", "speech_commands", "--labels", "yes", "--most", "2", "--json"]
        assert main(args) == 0
    assert json.loads(capfd.readouterr().out)["added"] == 2
    assert main(["data", "download", "Words", "imagenet"]) == 2
    assert "choose esc50 or speech_commands" in capfd.readouterr().err
    assert main(["data", "download", "Words", "esc50", "--labels", "alarm"]) == 2
    assert "ESC-50 has no alarm" in capfd.readouterr().err


def test_the_catalogue_names_all_kinds_over_https_and_each_licence():
    assert (len(ESC50.labels), len(set(ESC50.labels))) == (50, 50)
    assert (len(SPEECH_COMMANDS.labels), len(set(SPEECH_COMMANDS.labels))) == (35, 35)
    for data in (ESC50, SPEECH_COMMANDS):
        assert data.url.startswith("https://")
        assert "CC BY" in data.licence
        assert all(set(part) <= set(data.labels) for part in data.subsets.values())
    assert fetch.part_of(downloads.archive_of(open_store().config, ESC50)).name == "esc50.zip.part"
