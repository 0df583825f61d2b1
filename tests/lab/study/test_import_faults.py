"""An import that is killed, or fills the disk: nothing half there, and trying again brings the rest."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.study import projects
from lab.workspace.store import open_store
from lab.workspace.store.sweeping import Swept, sweep
from tests.conftest import ROOT
from tests.lab.study.faults import PLACES, seen

FAULTS = [sys.executable, "-m", "tests.lab.study.faults"]
IN_OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]


def sounds(folder, count, seconds):
    """Write a folder of sounds that no two are alike."""
    for number in range(count):
        samples = np.random.default_rng(number).integers(-9_000, 9_000, round(16_000 * seconds)).astype(np.int16)
        path = folder / "alarm" / f"{number:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav_bytes(Clip(samples, "", "")))
    return folder


@pytest.mark.parametrize("where", PLACES)
def test_a_killed_import_leaves_whole_clips_and_the_next_one_the_rest(lab_home, tmp_path, where):
    folder = sounds(tmp_path / "sounds", 6, 0.1)
    died = subprocess.run([*FAULTS, "die", where, str(folder)], cwd=ROOT, env=os.environ | {"LAB_HOME": str(lab_home)},
                          timeout=60)  # fmt: skip
    assert died.returncode == -signal.SIGKILL
    store = open_store()
    assert seen(store) == {"clips": 3, "half": int(where == "half a file")}
    swept = sweep(store, file_age_s=-1, sound_age_s=-1)
    is_sound = where == "a sound without its clip"
    assert swept == Swept(int(not is_sound), int(is_sound), swept.bytes)
    assert swept.bytes == 3_244
    assert projects.add("Kitchen", [folder])["added"] == 3
    assert seen(store) == {"clips": 6, "half": 0}
    assert sweep(store, file_age_s=-1, sound_age_s=-1) == Swept(0, 0, 0)


def can_mount():
    try:
        return subprocess.run([*IN_OWN_MOUNTS, "true"], capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False


def test_a_disk_that_fills_up_in_mid_import_keeps_what_was_added_and_the_rest_comes_later(tmp_path):
    if not can_mount():
        pytest.skip("this machine lets nobody mount a small disk for the test")
    folder, disk = sounds(tmp_path / "sounds", 40, 2.0), tmp_path / "disk"
    disk.mkdir()
    script = (
        f"mount -t tmpfs -o size=6m none {disk} && head -c 4000000 /dev/zero > {disk}/ballast && "
        f"exec {' '.join(FAULTS)} fill {folder} {disk}/ballast"
    )
    ran = subprocess.run([*IN_OWN_MOUNTS, "sh", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120,
                         env=os.environ | {"LAB_HOME": str(disk / "home")})  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert "disk is full" in told["said"]
    assert 0 < told["before"]["clips"] < 40
    assert told["before"]["half"] == 0
    assert told["added"] == 40 - told["before"]["clips"]
    assert told["after"] == {"clips": 40, "half": 0}
