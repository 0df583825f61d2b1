"""A few scripted people for real, and how their figures are summed up."""

import pytest

from lab.study import bench_workshop
from lab.study.benches import run


def test_percentiles_are_values_that_were_measured():
    assert bench_workshop.percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.0
    assert bench_workshop.percentile(list(range(1, 101)), 0.95) == 95
    assert bench_workshop.percentile([], 0.95) is None


def test_an_error_and_a_lost_sound_miss_their_goals():
    done = [{"what": "open guide", "s": 0.5, "action": True}, {"what": "teach", "s": 30.0, "action": False}]
    told = {"done": done, "errors": ["person 1: gone"], "clips": ["a", "b"], "seconds": 10.0, "reruns": 4}
    made = bench_workshop.figures(told, 2, ["b"], ["teach: failed: x"])
    assert {row["key"]: (row["measured"], row["met"]) for row in made["rows"]} == {
        "action_p95_s": (0.5, True), "action_p50_s": (0.5, True), "teach_p95_s": (30.0, False),
        "errors": (2, False), "lost_clips": (1, False),
    }  # fmt: skip


@pytest.mark.timeout(300)
def test_three_people_walk_the_track_with_no_error_and_no_lost_sound():
    made = run("workshop", {"people": 3, "think": (0.05, 0.2), "arrive": 0.1, "clips": 1})
    rows = {row["key"]: row["measured"] for row in made["rows"]}
    assert (made["errors"], rows["errors"], rows["lost_clips"]) == ([], 0, 0)
    assert made["actions"]["teach"]["count"] == 3
    assert made["actions"]["download"]["count"] == 3
