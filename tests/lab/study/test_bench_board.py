"""The virtual board beside its twin: what is counted, with a board that is made up."""

import numpy as np
import pytest

from lab import hostcc
from lab.deploy.emulator import Emulation
from lab.deploy.pdm import capture
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.errors import BadInput, Missing
from lab.study import bench_board, benches

SECONDS = 4


@pytest.fixture
def sound(monkeypatch):
    made = np.random.default_rng(1).integers(-9_000, 9_000, SECONDS * 16_000).astype(np.int16)
    monkeypatch.setattr(bench_board, "minute_of_sound", lambda minute: made)
    return made


@pytest.fixture
def boards(sound, monkeypatch, tmp_path):
    """Let the FIFO's board say what the twin says; the pin's errs once and is silent twice."""
    try:
        hostcc.shared_library({"nothing.c": "int nothing; "})
    except Missing as error:
        pytest.skip(str(error))
    twin = Twin(prepared_detector()).hear(capture(sound))

    def emulate(firmware, samples, mic, on_progress):
        hops = [
            {"t_s": round(0.032 * (twin.first_hop + at), 3), "code": int(code), "overruns": 0}
            for at, code in enumerate(twin.codes)
        ]
        if mic == "pdm":
            hops[7]["code"] ^= 1
            hops = hops[:-2]
        return Emulation(hops, [], [], [], 2.5)

    class Report:
        def file(self, kind):
            return tmp_path / kind

    monkeypatch.setattr(bench_board, "emulate", emulate)
    monkeypatch.setattr(bench_board, "build_firmware", lambda detector, board, out: Report())


def test_what_differs_and_what_is_missing_is_counted_for_each_way_into_the_board(boards):
    found = benches.run("board")
    assert (found["seconds"], found["hops"]) == (4.0, 125 - 30)
    counted = {mic: (row["different"], row["missing"]) for mic, row in found["mics"].items()}
    assert counted == {"inject": (0, 0), "pdm": (1, 2)}


@pytest.mark.parametrize("minutes", [-1, 10])
def test_no_minute_and_too_many_are_refused(minutes):
    with pytest.raises(BadInput, match=f"1 to 9 minutes; {minutes} were"):
        bench_board.board({"minutes": minutes})
