"""Firmware: choose, compile, download, try."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from lab.deploy.boards import BOARDS
from lab.sound.augment import ARTICLE, SUGGESTED
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui import detectors, flashing, trying, usb
from tests.pages import seed
from tests.pages.conftest import labels, press, text

pytestmark = pytest.mark.usefixtures("bundled")


def without_prepared(monkeypatch):
    monkeypatch.setattr(detectors, "prepared_bytes", lambda: None)


def test_without_a_detector_the_page_says_how_to_get_one(open_page, monkeypatch):
    without_prepared(monkeypatch)
    shown = text(open_page("firmware"))
    assert "No detector yet" in shown
    assert "not a certified alarm" in shown


def test_the_prepared_detector_is_there_at_once(open_page, monkeypatch):
    monkeypatch.setattr(detectors, "prepared_bytes", lambda: seed.detector("Prepared").to_bytes())
    app = press(open_page("firmware"), "Compile")
    row = jobs.jobs(open_store())[0]
    assert (row.task, row.args["board"]) == (seed.COMPILE, "pico")
    assert open_store().read_artifact(row.args["detector"]) == seed.detector("Prepared").to_bytes()
    assert "Cancel" in labels(app)


def test_parts_wires_and_boot_steps_of_the_board_are_listed(open_page):
    seed.finetune_done()
    shown = text(open_page("firmware"))
    assert "GPIO 2 (pin 4)" in shown
    assert "BOOTSEL" in shown
    assert "Copy the .uf2 onto that drive" in shown


def test_another_board_has_its_own_guide(open_page):
    seed.finetune_done()
    app = open_page("firmware")
    app.selectbox(key="board").set_value("sparkfun_micromod").run()
    assert "M.2 socket" in text(app)


def test_a_running_compilation_shows_its_step(open_page):
    seed.finetune_done()
    seed.job(seed.COMPILE, "running", done=2, total=4, message="compiling")
    app = open_page("firmware")
    assert app.get("progress")[0].proto.value == 50
    assert next(button for button in app.button if button.label == "Compile").disabled


def test_a_missing_toolchain_is_one_sentence(open_page):
    seed.finetune_done()
    seed.job(seed.COMPILE, "failed", error="The Arm compiler is missing: run `make setup`.")
    assert open_page("firmware").error[0].value == "The Arm compiler is missing: run `make setup`."


def test_a_finished_compilation_shows_sizes_cycles_and_every_file(open_page):
    seed.compile_done(seed.finetune_done())
    app = open_page("firmware")
    for figure in ("75.0 KB", "96.0 KB", "9.8 KB", "412 k", "36 % of the 32 ms"):
        assert figure in text(app)
    names = {each.proto.label.split(" · ")[0].rsplit(".", 1)[-1] for each in app.get("download_button")}
    assert names == {"uf2", "elf", "bin", "h", "tflite", "zip", "detector"}


def test_the_result_of_another_board_is_not_shown_for_this_one(open_page):
    seed.compile_done(seed.finetune_done(), board="sparkfun_micromod")
    assert "Out came" not in text(open_page("firmware"))


def test_a_test_alarm_is_played_to_the_virtual_board(open_page):
    uf2 = seed.compile_done(seed.finetune_done())
    press(open_page("firmware"), "Play it to the virtual board")
    row = jobs.jobs(open_store())[0]
    assert (row.task, row.args) == (seed.TRY, {"uf2": uf2, "kind": "t3"})


def test_what_the_virtual_board_heard_is_drawn(open_page):
    uf2 = seed.compile_done(seed.finetune_done())
    result = {"trace": seed.trace(), "events": [{"start_s": 3.6, "end_s": 8.0}]}
    seed.job(seed.TRY, args={"uf2": uf2, "kind": "t3"}, result=result)
    app = open_page("firmware")
    assert "an event 3.6 s after the start" in text(app)
    assert len(app.get("plotly_chart")) == 1


def test_compiled_firmware_runs_live_on_the_board_page(open_page):
    seed.compile_done(seed.finetune_done())
    app = press(open_page("firmware"), "Run it live in the page")
    assert app.segmented_control(key=trying.PART).value == trying.TRY
    assert app.selectbox(key="try-detector").value.title.startswith("Kitchen alarm")


def test_a_detector_that_left_the_store_is_one_sentence(open_page):
    sha = seed.finetune_done()
    for path in (open_store().config.home / "artifacts").rglob(f"*{sha}*"):
        path.unlink()
    app = open_page("firmware")
    assert len(app.error) == 1
    assert "Traceback" not in text(app)


def test_the_card_says_how_copies_of_what_trained_were_made(open_page, monkeypatch):
    how = {"baseline": SUGGESTED.to_json(), "finetune": ARTICLE.to_json()}
    made = replace(seed.detector(), augmentation=how)
    monkeypatch.setattr(detectors, "prepared_bytes", made.to_bytes)
    shown = text(open_page("firmware"))
    assert "Copies, baseline: time shift, room, mixing" in shown
    assert "fine-tuning: white noise, random silence, mixing, each in a copy of its own." in shown
    newer = replace(made, augmentation={"baseline": {"schema": 9}})
    monkeypatch.setattr(detectors, "prepared_bytes", newer.to_bytes)
    assert "Copies" not in text(open_page("firmware"))


def test_a_compiled_firmware_can_be_flashed_or_dragged(open_page):
    seed.compile_done(seed.finetune_done())
    app = open_page("firmware")
    assert "Flash it" in text(app)
    assert "drag it onto that drive" in text(app)


def test_what_the_page_says_of_a_flash_is_one_line_of_data():
    said = {"state": "done", "name": "Alarm", "bytes": 81920, "seconds": 3.04}
    assert usb.outcome(said) == "Alarm: flashed and read back, 80 KB in 3.0 s"
    assert (
        usb.outcome({"state": "failed", "name": "A\nB", "problem": "Gone"}) == "A B: not flashed, the board went away"
    )
    unstarted = usb.outcome({"state": "failed", "name": "A", "problem": "NoReboot"})
    assert unstarted == "A: written and read back, but the board did not restart: plug it in again"
    for odd in (None, "done", {}, {"state": "done", "name": "x", "bytes": "1", "seconds": []}):
        assert usb.outcome(odd) is None


def test_the_last_flashes_are_still_told_after_a_rerun(open_page):
    seed.compile_done(seed.finetune_done())
    app = open_page("firmware")
    app.session_state[usb.FLASHED] = ["Alarm: not flashed, stopped", "Alarm: flashed and read back, 80 KB in 3.0 s"]
    app.run()
    told = [each.value for each in app.run().text]
    assert told == ["Alarm: flashed and read back, 80 KB in 3.0 s", "Alarm: not flashed, stopped"]


def test_a_flash_is_told_once_though_the_page_repeats_it(open_page, monkeypatch):
    said = {"state": "failed", "name": "Alarm", "problem": "Gone", "at": 1_000}
    monkeypatch.setattr(usb, "_component", lambda: lambda **more: SimpleNamespace(flashed=said))
    seed.compile_done(seed.finetune_done())
    app = open_page("firmware").run()
    assert [each.value for each in app.text] == ["Alarm: not flashed, the board went away"]
    said |= {"problem": "Cancelled", "at": 2_000}
    assert [each.value for each in app.run().text] == [
        "Alarm: not flashed, stopped", "Alarm: not flashed, the board went away",
    ]  # fmt: skip


def test_a_file_can_be_flashed_where_nothing_was_compiled(open_page, monkeypatch):
    offered = []
    monkeypatch.setattr(usb, "_component", lambda: lambda data, **more: offered.append(data))
    assert usb.NONE in text(open_page("firmware"))
    assert offered[0] == {"firmware": []}


def test_micnode_is_built_on_request_and_then_flashed(open_page):
    seed.finetune_done()
    app = press(open_page("firmware"), "Build MicNode")
    row = jobs.jobs(open_store())[0]
    assert (row.task, row.args) == (flashing.APP, {"app": "usb_microphone", "board": "pico"})
    assert "it can be flashed here" in text(app)
    assert next(button for button in app.button if button.label == "Build Selftest").disabled


def test_what_was_built_beside_detectors_is_listed_for_its_board_alone(open_page):
    seed.finetune_done()
    for app, board, name in (("usb_microphone", "pico", "old"), ("usb_microphone", "pico", "new")):
        files = {"usb_microphone_pico.uf2": seed.artifact("a.uf2", name.encode())}
        seed.job(flashing.APP, args={"app": app, "board": board}, result={"artifacts": files})
    project_id = seed.project().id
    assert flashing.apps(project_id, BOARDS["pico"]) == {
        f"MicNode on {BOARDS['pico'].title}": seed.artifact("a.uf2", b"new")
    }
    assert flashing.apps(project_id, BOARDS["sparkfun_micromod"]) == {}
    assert "Build MicNode again" in labels(open_page("firmware"))
