"""Train: forms, live curves, results."""

from lab.deploy.detector import Detector
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui import learning
from tests.pages import seed
from tests.pages.conftest import labels, press, text


def to_finetune(app):
    app.button_group[0].set_value(seed.FINETUNE).run()
    assert not app.exception
    return app


def submitted_args():
    return jobs.jobs(open_store())[0].args


def test_a_new_project_can_train_a_baseline_on_embedded_sounds(open_page):
    app = press(open_page("train"), "Train the baseline")
    row = jobs.jobs(open_store())[0]
    assert (row.task, row.state) == (seed.BASELINE, "queued")
    assert row.args["embedded"] is True
    assert row.args["spec"] == "default"
    assert set(row.args["arch"]) == {"kind", "filters", "kernel", "dense"}
    assert "Cancel" in labels(app)
    assert "Train the baseline" not in labels(app)


def test_a_changed_network_and_spec_travel_with_the_job(open_page):
    app = open_page("train")
    app.selectbox(key="spec").set_value("published").run()
    assert app.selectbox(key="kind-published").value == "article"
    app.number_input(key="article-Filters").set_value(12).run()
    press(app, "Train the baseline")
    assert submitted_args()["spec"] == "published"
    assert submitted_args()["arch"] == {"kind": "article", "filters": 12, "kernel": [8, 8], "dense": 0}


def test_training_on_own_sounds_needs_two_labels(open_page):
    app = open_page("train")
    app.radio[0].set_value(learning.OWN).run()
    app = press(app, "Train the baseline")
    assert "training needs two" in app.error[0].value
    assert not jobs.jobs(open_store())


def test_a_running_baseline_draws_its_curves(open_page):
    row = seed.job(seed.BASELINE, "running", done=4, total=30, message="epoch 4")
    seed.epochs(row.id, 4)
    app = open_page("train")
    assert app.get("progress")[0].proto.value == 13
    assert len(app.get("plotly_chart")) == 1


def test_a_finished_baseline_shows_scores_and_confusion(open_page):
    seed.baseline_done()
    app = open_page("train")
    for figure in ("96.3 %", "95.8 %", "97.1 %", "1,840 windows"):
        assert figure in text(app)
    assert len(app.get("plotly_chart")) == 2


def test_a_failed_training_keeps_its_sentence(open_page):
    seed.job(seed.BASELINE, "failed", error="The kernel (8, 8) does not fit 4 rows.")
    assert open_page("train").error[0].value == "The kernel (8, 8) does not fit 4 rows."


def test_a_cancelled_training_says_so_and_the_form_is_back(open_page):
    seed.job(seed.BASELINE, "cancelled", error="Stopped on request.")
    app = open_page("train")
    assert "Stopped on request." in text(app)
    assert "Train the baseline" in labels(app)


def test_fine_tuning_without_a_baseline_says_what_to_do(open_page):
    app = to_finetune(open_page("train"))
    assert "No baseline yet" in text(app)


def test_fine_tuning_submits_baseline_labels_and_name(open_page):
    seed.examples()
    seed.baseline_done()
    app = press(to_finetune(open_page("train")), "Fine-tune")
    row = jobs.jobs(open_store())[0]
    assert row.task == seed.FINETUNE
    assert row.args["positive"] == ["alarm"]
    assert row.args["project_id"] == seed.project().id
    assert row.args["from_run"] == open_store().runs(seed.project().id, "baseline")[0].id
    assert "Cancel" in labels(app)


def test_another_project_can_be_the_persons_own_recordings(open_page):
    kitchen = seed.project("Recorded in the kitchen")
    seed.examples()
    seed.baseline_done()
    app = to_finetune(open_page("train"))
    box = next(box for box in app.selectbox if box.label == "Then your own recordings")
    assert box.value is None
    box.select(kitchen.name).run()
    press(app, "Fine-tune")
    assert submitted_args()["own_project_id"] == kitchen.id


def test_the_threshold_moves_along_the_curve_and_the_detector_is_saved_so(open_page):
    seed.baseline_done()
    seed.finetune_done()
    app = to_finetune(open_page("train"))
    app.slider[0].set_value(0.8).run()
    assert "At **0.80**" in text(app)
    app = press(app, "Save detector")
    run = open_store().runs(seed.project().id, "detector")[0]
    kept = Detector.from_bytes(open_store().read_artifact(run.artifacts["Kitchen alarm.detector"]))
    assert kept.threshold == 0.8
    assert kept.model == seed.detector().model
    assert "on the Firmware page now" in text(app)


def test_the_page_opens_at_the_step_worked_on_last(open_page):
    seed.baseline_done()
    seed.finetune_done()
    assert "Save detector" in labels(open_page("train"))


def test_a_curve_in_rows_is_read_as_one_in_columns():
    rows = [{"threshold": 0.0, "precision": 0.5, "recall": 1.0}, {"threshold": 1.0, "precision": 1.0, "recall": 0.0}]
    columns = {"threshold": [0.0, 1.0], "precision": [0.5, 1.0], "recall": [1.0, 0.0]}
    assert learning.as_columns(rows) == learning.as_columns(columns) == columns


def test_the_nearest_threshold_is_found():
    assert learning.nearest([0.0, 0.4, 0.9], 0.6) == 1
