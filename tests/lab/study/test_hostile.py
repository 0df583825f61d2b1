"""Hostile files and words through every door, in a process of their own."""

import subprocess
import sys
from zlib import crc32

import pytest

from lab.study.hostile import trial as trials
from lab.study.hostile.offer import Offer
from lab.study.hostile.offers import offers
from lab.study.hostile.trial import LIMIT_MB, LIMIT_S, clear, trial
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def report():
    """Return what came of two in five of all that is not slow; `bench app` makes every offer."""
    made = offers()
    assert len(made) >= 590
    assert len({offer.name for offer in made}) == len(made)
    return trial(
        [offer for offer in made if not offer.slow and offer.door != "detector" and crc32(offer.name.encode()) % 5 < 2]
    )


def test_hundreds_of_hostile_uploads_crash_nothing(report):
    assert report.crashes == []
    assert report.count >= 200
    assert report.verdicts["refused"] > report.verdicts["accepted"] > 0


def test_they_leave_no_file_where_none_should_be(report):
    assert report.outside == []


def test_each_is_answered_by_one_clear_sentence(report):
    assert report.unclear == []


def test_each_takes_bounded_time_and_memory(report):
    assert report.slowest_s < LIMIT_S
    assert report.most_mb < LIMIT_MB


@pytest.mark.parametrize(
    "says", ["", "no", "Traceback (most recent call last): it broke.", "It is\x1b[31m red.", "[Errno 2] no."]
)
def test_words_that_help_nobody_are_seen(says):
    assert not clear(says)


def test_a_write_elsewhere_is_seen_and_so_is_a_shell(tmp_path):
    script = """
import os, sys
from pathlib import Path
from lab.study.hostile.guest import Watch
os.chdir(sys.argv[1])
watch = Watch(Path("mine"))
os.mkdir("mine")
open("mine/a", "w").close()
os.rename("mine/a", "moved")
open("moved").close()
os.system("true")
assert watch.found == [os.path.abspath("moved"), "os.system: (b'true',)"], watch.found
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_process_that_hangs_counts_as_a_crash(monkeypatch):
    monkeypatch.setattr(trials, "LIMIT_S", 0.0)
    report = trial([Offer("anything", "audit", {"model.tflite": b""})])
    assert report.crashes == ["anything: took more than 0 s"]
