"""Home in each of its states."""

import json
from datetime import timedelta

from lab.deploy.prepared import prepared_detector
from lab.workspace import jobs
from lab.workspace.store import now, open_store
from pages.ui import setup
from tests.pages import seed
from tests.pages.conftest import labels, press, text


def test_a_new_home_begins_with_listening_and_says_what_this_is_not(open_page):
    app = open_page("home")
    assert labels(app)[:2] == ["Listen", "Run the demo"]
    assert "not a certified alarm" in text(app)
    assert "never your only warning" in text(app).lower()
    assert 'class="here"><b>1. Sounds' in text(app)


def test_pressing_run_queues_the_demo_once_and_asks_for_a_worker(open_page, submitted):
    app = press(open_page("home"), "Run the demo")
    rows = jobs.jobs(open_store())
    assert [(row.task, row.state, row.args) for row in rows] == [(seed.DEMO, "queued", {})]
    assert submitted
    assert next(button for button in app.button if button.label == "Run the demo").disabled
    assert "Cancel" in labels(app)


def test_a_running_demo_shows_progress_and_its_log_and_can_be_cancelled(open_page):
    started = now() - timedelta(seconds=70)
    row = seed.job(seed.DEMO, "running", done=35, total=100, message="training: epoch 4", started=started)
    jobs.say(open_store(), row.id, jobs.LOG, "drew 1,200 scenes")
    app = open_page("home")
    bar = app.get("progress")[0].proto
    assert bar.value == 35
    assert "training: epoch 4" in bar.text
    assert "1 min 1" in bar.text
    assert "about 2 min 1" in bar.text  # 65 of 35 parts of 70 s: 130 s
    assert "drew 1,200 scenes" in text(app)
    app = press(app, "Cancel")
    assert jobs.job(open_store(), row.id).stop_asked
    assert "Stopping …" in labels(app)


def test_a_second_tab_shows_the_same_running_demo(open_page):
    seed.job(seed.DEMO, "running", done=35, total=100, message="training")
    bars = [open_page("home").get("progress")[0].proto.value for _ in range(2)]
    assert bars == [35, 35]


def test_a_finished_demo_shows_its_figures_its_plot_and_its_files(open_page):
    seed.demo_done()
    app = open_page("home")
    for figure in ("97.4 %", "99 %", "1.9 / h", "1.42 M", "36 % of the 32 ms"):
        assert figure in text(app)
    assert "The virtual board heard the T3 test alarm at 3.6 s." in text(app)
    assert len(app.get("plotly_chart")) == 1
    names = [each.proto.label for each in app.get("download_button")]
    assert names[0].startswith("detector_pico.uf2 · 150.0 KB")
    assert len(names) == 7


def test_a_demo_without_a_compiler_says_so_and_still_shows_the_rest(open_page):
    result = seed.demo_result(uf2=None, emulated=None, trace=None, skipped="The Arm compiler is missing.")
    seed.job(seed.DEMO, result=result)
    app = open_page("home")
    assert "The Arm compiler is missing." in text(app)
    assert "not emulated" in text(app)
    assert not app.get("plotly_chart")


def test_a_board_that_is_too_slow_or_differs_is_not_passed_over(open_page):
    emulated = {"detected": False, "hop_cycles": 4_900_000, "codes_differ": 12, "overruns": 45}
    seed.job(seed.DEMO, result=seed.demo_result(emulated=emulated))
    shown = text(open_page("home"))
    assert "raised no event" in shown
    assert "12 decisions of the board differ" in shown
    assert "missed 45 hops" in shown
    assert "122 % of the 32 ms" in shown


def test_the_time_left_is_told_only_once_it_is_worth_telling(open_page):
    seed.job(seed.DEMO, "running", done=1, total=100, message="making sounds")
    assert "left" not in open_page("home").get("progress")[0].proto.text


def test_a_failed_demo_keeps_its_sentence_and_its_log(open_page):
    row = seed.job(seed.DEMO, "failed", error="The disk is full: nothing was saved.")
    jobs.say(open_store(), row.id, jobs.LOG, "Traceback: here")
    app = open_page("home")
    assert app.error[0].value == "The disk is full: nothing was saved."
    assert "Traceback: here" in text(app)
    assert not next(button for button in app.button if button.label == "Run the demo").disabled


def test_parts_that_are_arriving_or_missing_are_named(open_page, monkeypatch, lab_home):
    monkeypatch.setattr(setup, "_found", lambda: {"python": True, "compiler": False, "sdk": False, "emulator": True})
    open_store()
    told = {"parts": {"compiler": "installing", "sdk": "failed"}, "messages": {"sdk": "no <b>network</b>"}}
    (lab_home / "setup.json").write_text(json.dumps(told))
    shown = text(open_page("home"))
    assert "Arm compiler: installing" in shown
    assert "Pico SDK: failed" in shown
    assert "no &lt;b&gt;network" in shown


def test_firmware_that_could_not_be_compiled_ahead_is_told(open_page, lab_home):
    open_store()
    told = {"parts": {"firmware": "failed"}, "messages": {"firmware": "error: no <b>space</b> left"}}
    (lab_home / "setup.json").write_text(json.dumps(told))
    shown = text(open_page("home"))
    assert "Firmware could not be compiled ahead" in shown
    assert "no &lt;b&gt;space" in shown


def test_a_damaged_setup_file_does_no_harm(open_page, lab_home):
    open_store()
    (lab_home / "setup.json").write_text("[1, 2")
    assert "Python parts" not in text(open_page("home"))


def test_the_prepared_detectors_data_is_named_by_its_hash(open_page):
    kind, sha = prepared_detector().dataset.split(":")
    assert kind == "synthetic"
    assert f"<dd>synthetic: {sha[:8]}</dd>" in text(open_page("home"))
