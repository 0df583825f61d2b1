"""Flashing in the time that real flash takes."""

import pytest

from lab.deploy import uf2
from lab.deploy.emulator import node
from lab.errors import LabError, Missing
from lab.study import bench_flash, benches
from tests.e2e.test_flash import uf2 as bootable


@pytest.fixture(scope="module")
def program():
    try:
        return node()
    except Missing as error:
        pytest.skip(str(error))


def test_two_sectors_are_flashed_and_run_within_the_times_of_real_flash(program, tmp_path):
    path = tmp_path / "two.uf2"
    path.write_bytes(bootable(pages=32))
    found = bench_flash.flash_time(path, program)
    assert (found["bytes"], found["running"]) == (8192, True)
    # Two erases of 45 ms, 32 pages of 0.4 ms, 16 KiB over USB and half a second until it restarts.
    assert 0.6 < found["seconds"] < 0.75


def test_firmware_that_no_board_starts_is_refused(program, tmp_path):
    path = tmp_path / "dead.uf2"
    path.write_bytes(uf2.write(bytes(512)))
    with pytest.raises(LabError, match="no boot loader"):
        bench_flash.flash_time(path, program)


def test_the_sum_is_held_against_the_goal(monkeypatch, tmp_path):
    class Report:
        def file(self, kind):
            return tmp_path / kind

    monkeypatch.setattr(bench_flash, "node", lambda: "node")
    monkeypatch.setattr(bench_flash, "build_firmware", lambda detector, board, out: Report())
    told = {"bytes": 81_920, "seconds": 21.0, "running": True}
    monkeypatch.setattr(bench_flash, "flash_time", lambda firmware, program: told)
    assert benches.run("flash")["met"] is False
    told["seconds"] = 5.0
    assert benches.run("flash")["met"] is True
    told["running"] = False
    assert benches.run("flash")["met"] is False
