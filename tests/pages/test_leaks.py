"""The leak guard: how many windows, both accuracies, and what they mean."""

import pytest

from lab.study.versions import version
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui.leaks import TASK
from tests.pages import seed
from tests.pages.conftest import press, text


def result(by_window, by_recording, **more):
    return {
        "windows": 6_321, "tested": 1_287, "leaked": 1_280, "by_window": {"accuracy": by_window, "epochs": 40},
        "by_recording": {"accuracy": by_recording, "epochs": 26}, "gap": by_window - by_recording,
        "clips": {"used": 12, "all": 12}, "dataset": version(open_store(), seed.project().id).sha256, **more,
    }  # fmt: skip


def test_nothing_is_measured_before_it_is_asked_for(open_page, submitted):
    seed.examples()
    app = open_page("sounds", "whole")
    assert "would have a sibling of their own recording in training. Here: 0." in text(app)
    assert not app.table
    press(app, "Measure what that hides")
    (row,) = jobs.jobs(open_store())
    assert (row.task, row.args) == (TASK, {"project_id": seed.project().id})
    assert submitted


@pytest.mark.parametrize(
    ("accuracies", "says"),
    [
        ((0.798, 0.674), "looks 12 points better than it is"),
        ((0.91, 0.905), "Both agree within two points"),
        ((0.80, 0.85), "chance decides"),
    ],
)
def test_both_accuracies_stand_in_a_table_with_a_sentence(open_page, accuracies, says):
    seed.examples()
    seed.job(TASK, result=result(*accuracies))
    app = open_page("sounds", "whole")
    assert list(app.table[0].value["Accuracy"]) == [f"{100 * each:.1f} %" for each in accuracies]
    assert list(app.table[0].value["With a sibling in training"]) == ["1,280", "0"]
    assert says in text(app)
    assert "have changed since" not in text(app)


def test_a_part_of_the_sounds_or_an_earlier_version_is_said(open_page):
    seed.examples()
    seed.job(TASK, result=result(0.8, 0.7, dataset="another", clips={"used": 1_500, "all": 9_000}))
    shown = text(open_page("sounds", "whole"))
    assert "Measured on 1,500 of 9,000 sounds. The sounds have changed since." in shown


def test_a_running_or_failed_measurement_is_shown(open_page):
    seed.examples()
    seed.job(TASK, "running", done=30, total=100, message="split by windows: epoch 4")
    app = open_page("sounds", "whole")
    assert "split by windows: epoch 4" in app.get("progress")[0].proto.text
    assert app.button(key="measure-leaks").disabled
    seed.job(TASK, "failed", error="This needs two recordings of each label.")
    assert "two recordings of each label" in open_page("sounds", "whole").error[0].value


def test_two_jobs_of_a_page_run_side_by_side(open_page):
    seed.examples()
    seed.job(TASK, "running", done=30, total=100, message="split by windows: epoch 4")
    seed.job(seed.ADD, "running", done=3, total=40, message="dog.wav")
    told = " ".join(each.proto.text for each in open_page("sounds", "whole").get("progress"))
    assert "epoch 4" in told
    assert "dog.wav" in told
