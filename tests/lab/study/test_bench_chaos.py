"""A few kills of everything lose nothing; a hundred are `python -m lab bench chaos`."""

import shutil

import pytest

from lab import cli
from lab.errors import Missing
from lab.study import bench_chaos, benches
from tests import servers


@pytest.mark.skipif(servers.POSTGRES is None or not shutil.which("turnserver"), reason="no PostgreSQL or no coturn")
def test_six_kills_lose_no_clip_no_run_and_leave_no_job_without_an_end(lab_home, capfd):
    found = benches.run("chaos", {"kills": 6, "seed": 3})
    assert sum(found["kills"].values()) == 6
    assert found["confirmed_clips"] > 0
    assert found["finished_runs"] > 0
    assert found["page_runs"] > 0
    assert found["page_errors"] == []
    assert {row["key"]: row["met"] for row in found["rows"]} == {
        "lost_clips": True, "lost_runs": True, "stuck_s": True, "untrue_jobs": True,
    }, found  # fmt: skip


def test_what_was_lost_misses_its_goal():
    found = {"kills": {"app": 2}, "confirmed_clips": 9, "lost_clips": [4], "finished_runs": 3, "lost_runs": [],
             "longest_unserved_s": 61.0, "jobs": {"done": 3, "running": 1}, "untrue_jobs": [8]}  # fmt: skip
    rows = {row["key"]: (row["measured"], row["met"]) for row in bench_chaos.table(found)["rows"]}
    assert rows == {
        "lost_clips": (1, False), "lost_runs": (0, True), "stuck_s": (61.0, False), "untrue_jobs": (1, False),
    }  # fmt: skip


def test_where_the_tests_are_not_it_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bench_chaos, "ROOT", tmp_path)
    with pytest.raises(Missing, match="takes its servers from the tests"):
        benches.run("chaos")
    assert cli.main(["bench", "chaos"]) == 1
