"""`bench app` in small: rows with goals, sounds that are resampled, a page of as many clips as asked for."""

import json

from lab.cli import main
from lab.study import bench_app
from lab.study.hostile.trial import Report
from lab.workspace.store import open_store


def test_the_bench_imports_fills_and_reruns_in_a_folder_of_its_own(monkeypatch, capfd, lab_home):
    seen = {}

    def counted(home):
        monkeypatch.setenv("LAB_HOME", str(home))
        store = open_store()
        clips = store.clips(store.project("Bench").id)
        seen.update(clips=len(clips), notes=clips[0].notes, labels=len(store.labels(clips[0].project_id)), home=home)
        return [0.1, 0.2, 0.6]

    day = {"idle_mb": 210, "page_runs": 80, "early_mb": 230, "late_mb": 260, "growth": 0.13}
    monkeypatch.setattr(bench_app, "day_of_use", lambda home, runs: day)
    harm = Report(count=9, verdicts={"refused": 9}, crashes=["a: KeyError"], slowest_s=2.0, slowest="a", most_mb=50.0)
    tried = {"doors": 1_700, "kinds": {"page": 1_700}, "leaks": ["page: sounds"], "seconds": 20.0}
    monkeypatch.setattr(bench_app, "isolation", lambda: tried)
    monkeypatch.setattr(bench_app, "trial", lambda offers, on_progress: harm)
    monkeypatch.setattr(bench_app, "offers", list)
    monkeypatch.setattr(bench_app, "SHOWN", 40)
    monkeypatch.setattr(bench_app, "rerun_costs", counted)
    assert main(["bench", "app", "--clips", "3", "--json"]) == 0
    rows = {row["key"]: row for row in json.loads(capfd.readouterr().out)["rows"]}
    assert seen["clips"] == 40
    assert seen["notes"] == ["Resampled from 44100 Hz to 16000 Hz."]
    assert seen["labels"] == 10
    assert not seen["home"].exists()
    assert not lab_home.exists()
    assert (rows["rerun_cpu_s"]["measured"], rows["rerun_cpu_s"]["met"]) == (0.2, True)
    assert (rows["rerun_cpu_greatest_s"]["measured"], rows["rerun_cpu_greatest_s"]["met"]) == (0.6, False)
    assert rows["import_s"]["goal"] == 0.09
    assert (rows["idle_mb"]["measured"], rows["idle_mb"]["met"]) == (210, True)
    assert (rows["day_growth"]["measured"], rows["day_growth"]["met"]) == (0.13, False)
    leaks = rows["isolation_leaks"]
    assert (leaks["goal"], leaks["measured"], leaks["met"]) == (0, 1, False)
    assert "of 1,700 doors" in leaks["what"]
    met = {key: row["met"] for key, row in rows.items() if key.startswith("hostile")}
    assert met == {"hostile_crashes": False, "hostile_outside": True, "hostile_unclear": True, "hostile_s": True,
                   "hostile_mb": True}  # fmt: skip


def test_a_rerun_is_measured_in_a_process_of_its_own(lab_home, monkeypatch):
    monkeypatch.setattr(bench_app, "RERUNS", 2)
    costs = bench_app.rerun_costs(lab_home)
    assert len(costs) == 2
    assert costs == sorted(costs)
    assert costs[0] > 0


def test_the_app_is_small_at_rest_and_visits_of_every_page_raise_nothing(lab_home):
    day = bench_app.day_of_use(lab_home, 20)
    assert day["idle_mb"] <= bench_app.GOAL_IDLE_MB
    assert day["page_runs"] == 80
    assert day["early_mb"] > 0
