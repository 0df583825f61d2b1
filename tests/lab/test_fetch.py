"""A file is fetched whole or not at all, from a server that fails as real ones do."""

import errno
import hashlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

from lab import fetch
from lab.errors import BadInput, Cancelled, LabError
from tests.conftest import ROOT
from tests.lab.files_server import Plan, serving

DATA = np.random.default_rng(5).bytes(1_500_000)
OTHER = np.random.default_rng(6).bytes(1_400_000)
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "downloads" / "data.bin"


def get(url, path, **more):
    return fetch.fetch(url, path, most_bytes=2_000_000, pause=lambda seconds: None, **more)


def left(path):
    return sorted(each.name for each in path.parent.iterdir())


def test_a_whole_file_comes_with_progress_and_leaves_nothing_else(path):
    seen = []
    with serving(Plan(DATA)) as url:
        get(url, path, sha256=SHA, on_bytes=lambda here, total: seen.append((here, total)))
    assert path.read_bytes() == DATA
    assert left(path) == ["data.bin"]
    assert seen[-1] == (1_500_000, 1_500_000)


def test_a_file_that_is_here_asks_nobody(path):
    path.parent.mkdir()
    path.write_bytes(b"here")
    assert get("http://127.0.0.1:9/data.bin", path).read_bytes() == b"here"


@pytest.mark.parametrize("digest", [SHA, ""])
def test_a_connection_that_breaks_is_gone_on_with_where_it_broke(path, digest):
    plan = Plan(DATA, cuts=[400_000, 300_000])
    with serving(plan) as url:
        get(url, path, sha256=digest)
    assert path.read_bytes() == DATA
    assert [asked.get("Range") for asked in plan.asked] == [None, "bytes=400000-", "bytes=700000-"]
    assert plan.asked[1]["If-Range"] == '"one"'


def test_the_next_day_goes_on_from_the_part(path):
    plan = Plan(DATA, cuts=[400_000])
    with serving(plan) as url:
        with pytest.raises(Cancelled):
            get(url, path, on_bytes=stops_at(300_000))
        assert not path.exists()
        kept = fetch.bytes_here(path)
        get(url, path)
    assert path.read_bytes() == DATA
    assert kept >= 262_144
    assert plan.asked[1]["Range"] == f"bytes={kept}-"


def stops_at(limit):
    def on_bytes(here, _total):
        if here >= limit:
            raise Cancelled

    return on_bytes


def test_a_killed_download_goes_on_from_what_it_had_written(path):
    dies = (
        "import os, signal, sys; from pathlib import Path; from lab import fetch\n"
        "kill = lambda here, total: here >= 500_000 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "fetch.fetch(sys.argv[1], Path(sys.argv[2]), 2_000_000, on_bytes=kill)"
    )
    plan = Plan(DATA)
    with serving(plan) as url:
        died = subprocess.run([sys.executable, "-c", dies, url, str(path)], cwd=ROOT, timeout=60)
        assert died.returncode == -signal.SIGKILL
        kept = fetch.bytes_here(path)
        assert kept >= 500_000
        get(url, path)
    assert path.read_bytes() == DATA
    assert plan.asked[1]["Range"] == f"bytes={kept}-"


def test_another_version_meanwhile_is_fetched_from_its_start(path):
    plan = Plan(DATA, cuts=[400_000])
    with serving(plan) as url:
        with pytest.raises(Cancelled):
            get(url, path, on_bytes=stops_at(262_144))
        plan.data, plan.etag, plan.cuts = OTHER, '"two"', []
        get(url, path)
    assert path.read_bytes() == OTHER


def test_a_server_that_ignores_if_range_never_mixes_two_versions(path):
    plan = Plan(DATA)
    with serving(plan) as url:
        with pytest.raises(Cancelled):
            get(url, path, on_bytes=stops_at(262_144))
        note = fetch._note_of(path)
        note.write_text(note.read_text().replace("one", "zero"))
        plan.data, plan.etag = OTHER, '"zero"'
        get(url, path)
    assert path.read_bytes() == OTHER


def test_a_server_without_ranges_begins_anew_and_says_so_when_it_gives_up(path):
    plan = Plan(DATA, etag='W/"weak"', ranges=False, cuts=[700_000] * 20)
    with serving(plan) as url:
        with pytest.raises(LabError, match=r"0\.7 MB had come; this server cannot send a rest"):
            get(url, path)
        assert all("Range" not in asked for asked in plan.asked)
        assert len(plan.asked) == 6
        plan.cuts = [700_000]
        get(url, path)
    assert path.read_bytes() == DATA


def test_a_connection_that_keeps_breaking_ends_in_a_sentence_that_keeps_the_part(path):
    plan = Plan(DATA, cuts=[500_000, *[0] * 20])
    with serving(plan) as url:
        with pytest.raises(LabError, match=r"broke.*0\.5 MB that came are kept: try again, and it goes on"):
            get(url, path, sha256=SHA)
        plan.cuts = []
        get(url, path, sha256=SHA)
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("cuts", [[], [400_000]])
def test_a_wrong_checksum_deletes_all_of_it(path, cuts):
    with serving(Plan(OTHER, cuts=cuts)) as url, pytest.raises(BadInput, match=f"SHA-256 .* instead of {SHA[:12]}"):
        get(url, path, sha256=SHA)
    assert left(path) == []


def test_a_part_that_was_damaged_on_disk_is_found_out(path):
    with serving(Plan(DATA)) as url:
        with pytest.raises(Cancelled):
            get(url, path, sha256=SHA, on_bytes=stops_at(300_000))
        part = fetch.part_of(path)
        part.write_bytes(bytes(100_000) + part.read_bytes()[100_000:])
        with pytest.raises(BadInput, match="it was deleted"):
            get(url, path, sha256=SHA)
        get(url, path, sha256=SHA)
    assert path.read_bytes() == DATA


def test_what_the_check_refuses_is_deleted(path):
    def refuse(part):
        assert part.read_bytes() == DATA
        raise BadInput("It is a web page.")

    with serving(Plan(DATA)) as url, pytest.raises(BadInput, match="web page"):
        get(url, path, check=refuse)
    assert left(path) == []


@pytest.mark.parametrize(("status", "says"), [(404, "404 \\(Not Found\\)"), (403, "403"), (503, "503 \\(Service")])
def test_a_refusal_is_one_sentence(path, status, says):
    with serving(Plan(DATA, status=status)) as url, pytest.raises(LabError, match=says):
        get(url, path)
    assert left(path) == []


def test_a_server_that_is_unwell_for_a_moment_is_asked_again(path):
    plan = Plan(DATA, cuts=[600_000])
    pauses = []

    def well_again(seconds):
        pauses.append(seconds)
        plan.status = 0 if len(pauses) == 2 else 503

    with serving(plan) as url:
        fetch.fetch(url, path, 2_000_000, pause=well_again)
    assert path.read_bytes() == DATA
    assert pauses == [1.0, 1.0]


def test_no_network_is_one_sentence_at_once(path, monkeypatch):
    def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(LabError, match=r"^data\.example cannot be reached; is this computer online\?$"):
        get("https://data.example/data.bin", path)
    assert left(path) == []


def test_nobody_listening_is_one_sentence(path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(LabError, match="cannot be reached"):
            get(f"http://127.0.0.1:{closed.getsockname()[1]}/data.bin", path)


@pytest.mark.parametrize("tells", [True, False])
def test_more_bytes_than_can_be_are_refused(path, tells):
    with serving(Plan(DATA * 2, tells_length=tells)) as url, pytest.raises(BadInput, match="refused"):
        get(url, path)
    assert left(path) == []


def test_a_length_that_is_not_told_is_fine(path):
    with serving(Plan(DATA, tells_length=False)) as url:
        get(url, path)
    assert path.read_bytes() == DATA


def test_a_redirection_to_a_file_of_this_computer_is_not_followed(path):
    plan = Plan(DATA, status=302, location="file:///etc/passwd")
    with serving(plan) as url, pytest.raises(LabError, match="302"):
        get(url, path)


def test_https_never_leads_to_http():
    asked = urllib.request.Request("https://data.example/a")
    with pytest.raises(LabError, match="not safe to follow"):
        fetch._SameSafety().redirect_request(asked, None, 302, "Found", {}, "http://data.example/a")


def test_a_full_disk_is_one_sentence_and_keeps_what_fitted(path, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with serving(Plan(DATA)) as url:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(LabError, match="disk is full"):
            get(url, path, sha256=SHA)
        monkeypatch.undo()
        get(url, path, sha256=SHA)
    assert path.read_bytes() == DATA
