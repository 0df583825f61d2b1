"""Alarm bench: measure, count, choose a rule, and take it along."""

from lab.deploy.detector import Detector
from lab.deploy.events import EventRule
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui import hearing
from tests.pages import seed
from tests.pages.conftest import labels, press, text


def picture(name, found):
    return {"contender": name, "found": found, "delay_s": {"median": 3.2, "worst": 4.4}}


def hears(sha):
    one = {
        "name": "level", "title": "T3: pitch and level", "x": {"title": "pitch, Hz", "values": [3_000.0, 3_150.0]},
        "y": {"title": "level, dBFS", "values": [-46.0, -20.0]},
        "pictures": [picture("Kitchen alarm", [[0.5, 1], [1, 1]]), picture("article as shipped", [[0, 0], [0, 1]])],
    }  # fmt: skip
    return {"slices": [one], "trials": 1, "detector": sha}


def choice(threshold, missed, per_hour, kind="count"):
    rule = EventRule(100, 60, 30, kind=kind).to_json()
    return {
        "threshold": threshold, "rule": rule, "missed": missed, "false_alarms": int(per_hour * 2), "per_hour": per_hour,
        "delay_s": 2.5,
    }  # fmt: skip


def tuned(sha):
    rows = [choice(0.5, 0.02, 12.0), choice(0.7, 0.04, 3.0), choice(0.9, 0.2, 0.5), choice(0.5, 0.1, 1.0, "t3")]
    return {"choices": rows, "hours": 2.0, "alarms": 280, "detector": sha}


def quiet(sha):
    row = {"contender": "Kitchen alarm", "false_alarms": 2, "at": [{"family": "whistle", "times": 2}]}
    total = {"contender": "Kitchen alarm", "hours": 1.0, "false_alarms": 2, "per_hour": 2.0, "upper_bound_95": 6.3}
    return {
        "sources": [{"source": "synthetic", "hours": 1.0, "contenders": [row]}],
        "totals": [[total]],
        "detector": sha,
    }


def prepared_sha(app_store):
    from pages.ui import detectors

    return app_store.put_artifact("detector", "prepared.detector", detectors.prepared_bytes()).sha256


def test_a_new_project_measures_the_prepared_detector(open_page):
    app = open_page("alarm_bench")
    assert "Nothing measured yet" in text(app)
    assert {"Measure", "Listen", "Try every rule"} <= set(labels(app))
    app.multiselect(key="bench-slices").set_value(["room"]).run()
    press(app, "Measure")
    [row] = jobs.jobs(open_store())
    assert (row.task, row.args["slices"], row.args["trials"]) == (hearing.HEARS, ["room"], 1)
    assert open_store().read_artifact(row.args["detector"])


def test_no_picture_is_one_clear_sentence(open_page):
    app = open_page("alarm_bench")
    app.multiselect(key="bench-slices").set_value([]).run()
    press(app, "Measure")
    assert "Choose at least one picture." in text(app)
    assert jobs.jobs(open_store()) == []


def test_results_are_pictures_and_a_table(open_page):
    sha = prepared_sha(open_store())
    seed.job(hearing.HEARS, result=hears(sha))
    seed.job(hearing.QUIET, result=quiet(sha))
    app = open_page("alarm_bench")
    app.selectbox[0].run()
    assert "heard, after 3.2 s (worst 4.4 s)" in text(app)
    assert len(app.get("plotly_chart")) == 2
    assert app.dataframe[0].value["Most by"].tolist() == ["whistle (2)"]


def test_results_of_another_detector_are_not_shown(open_page):
    seed.job(hearing.HEARS, result=hears("0" * 64))
    assert "Nothing measured yet" in text(open_page("alarm_bench"))


def test_the_chosen_rule_becomes_a_detector_that_firmware_offers(open_page):
    sha = prepared_sha(open_store())
    seed.job(hearing.TUNE, result=tuned(sha))
    app = open_page("alarm_bench")
    assert "p ≥ 0.7 for 1.9 of 3.2 s" in text(app)
    app.radio(key="bench-kind").set_value("T3 only").run()
    assert "T3 rhythm" in text(app)
    press(app, "Make a detector with this rule")
    [run] = open_store().runs(seed.project().id, "detector")
    made = Detector.from_bytes(open_store().read_artifact(run.artifacts["tuned.detector"]))
    assert (made.rule.kind, made.threshold) == ("t3", 0.5)
    assert "Saved as" in text(app)


def test_a_file_that_was_mistaken_again_and_again_is_named_once_with_how_often():
    at = [{"file": "bell.wav", "t_s": float(t)} for t in range(4)] + [{"file": "dog.wav", "t_s": 1.0}]
    assert hearing._causes(at) == ["bell.wav (4)", "dog.wav (1)"]
    assert hearing._causes([{"family": "music_box", "times": 3}]) == ["music box (3)"]
