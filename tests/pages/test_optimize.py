"""Optimize: choose leaves, watch them, compare what came."""

import pytest

from lab.deploy.detector import Detector
from lab.optimize.paths import LEGAL
from lab.study.tree.table import summary
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui import cost, finding, optimizing, tree
from tests.lab.study.tree.test_table import row
from tests.pages import seed
from tests.pages.conftest import labels, press, text

PATHS = [path.label for path in LEGAL]


def rows():
    promise = [{"tensor": "model/conv/Conv2D", "promise": "zeros", "wanted": 0.5, "found": 0.5, "kept": True}]
    made = [row(path, 0, 0.9 + place / 100, 80 - 5 * place) for place, path in enumerate(PATHS[:7])]
    told = [each | {"promises": promise, "confusion": [[50, 2], [3, 45]]} for each in made]
    return [*told, row("PCQAT", 0, 0, failed="PCQAT: the loss is no number any more")]


def done():
    edges = [place / 40 - 1 for place in range(82)]
    step = {"step": "base", "edges": edges, "share": [1 / 81] * 81, "zeros": 0.01, "values": 160}
    artifacts = {
        "PTQ.0.tflite": seed.artifact("PTQ.0.tflite", bytes(100)), "PTQ.py": seed.artifact("PTQ.py", b"print()"),
        "PTQ.0.detector": seed.artifact("PTQ.0.detector", seed.detector().to_bytes()),
    }  # fmt: skip
    return {
        "model": "alarm (default)", "labels": ["alarm", "not_alarm"], "options": {}, "rows": rows(),
        "summary": summary(rows()), "densities": {"conv": [step]}, "trained": 8, "artifacts": artifacts,
    }  # fmt: skip


@pytest.fixture
def no_prepared(monkeypatch):
    monkeypatch.setattr(optimizing, "prepared_tree", lambda: None)


def test_a_new_project_sees_the_prepared_tree_marked_as_such_and_what_its_leaves_cost(open_page):
    app = open_page("optimize")
    assert "Prepared: this tree came with the lab" in text(app)
    assert "python -m lab.study.tree.prepared" in text(app)
    assert app.dataframe[0].value["Path"].tolist() == PATHS
    app.button_group(key=tree.LOOK).set_value("PCQAT").run()
    told = next(each.value for each in app.success if "takes" in each.value)
    assert told.startswith("**PCQAT** takes")
    assert "of PTQ’s) and" in told
    assert "of the alarm windows" in told


def test_a_prepared_leaf_goes_to_firmware_as_a_detector_that_can_be_read(open_page):
    seed.project()
    app = open_page("optimize")
    app.button_group(key=tree.LOOK).set_value("CQAT").run()
    press(app, "Use it on Firmware")
    run = open_store().runs(seed.project().id, "detector")[0]
    assert run.name.endswith("CQAT")
    made = Detector.from_bytes(open_store().read_artifact(run.artifacts["CQAT.0.detector"]))
    assert made.positive == ("alarm",)


def test_without_a_prepared_tree_a_new_project_sees_what_to_do(open_page, no_prepared):
    app = open_page("optimize")
    assert "No tree walked yet" in text(app)
    assert "Walk the tree" in labels(app)


def test_chosen_leaves_and_settings_travel_with_the_job(open_page):
    app = open_page("optimize", "tree-form")
    app.slider(key="tree-sparsity").set_value(0.8)
    app.slider(key="tree-clusters").set_value(8)
    app.button_group(key=tree.TREE).set_value(["PTQ", "PCQAT"]).run()
    press(app, "Walk the tree")
    args = jobs.jobs(open_store())[0].args
    assert (args["model"], args["data"], args["spec"], args["paths"]) == (
        "alarm",
        "embedded",
        "default",
        ["PTQ", "PCQAT"],
    )
    assert (args["options"]["sparsity"], args["options"]["clusters"], args["seeds"]) == (0.8, 8, 1)


def test_no_leaf_is_one_clear_sentence(open_page):
    app = open_page("optimize", "tree-form")
    app.button_group(key=tree.TREE).set_value([]).run()
    press(app, "Walk the tree")
    assert "Choose at least one leaf" in text(app)
    assert not jobs.jobs(open_store())


def test_an_own_model_without_its_file_is_asked_for(open_page):
    app = open_page("optimize", "tree-form")
    app.selectbox(key="tree-model").set_value("own").run()
    press(app, "Walk the tree")
    assert "Add the file first" in text(app)


def test_a_running_walk_shows_nodes_rows_and_cancel(open_page):
    running = seed.job(optimizing.TASK, "running", args={"paths": PATHS}, done=3, total=30, message="prune: epoch 1")
    for event in ({"node": "base", "seed": 0, "state": "done"}, {"node": "prune", "seed": 0, "state": "running"},
                  {"row": rows()[0]}):  # fmt: skip
        jobs.say(open_store(), running.id, jobs.METRIC, event)
    app = open_page("optimize")
    assert "Cancel" in labels(app)
    assert "Walk the tree" not in labels(app)
    assert app.dataframe[0].value["Path"].tolist() == ["PTQ"]


def test_a_finished_walk_shows_the_table_the_smallest_leaf_and_the_failed_one(open_page):
    seed.job(optimizing.TASK, result=done())
    app = open_page("optimize")
    assert app.dataframe[0].value["Path"].tolist() == PATHS
    assert "**prune+cluster+PTQ** takes 50 B zipped" in text(app)
    assert "It is the smallest leaf." in text(app)
    assert "the loss is no number" in text(app)
    assert "Published by Arm" in text(app)
    assert "Prepared:" not in text(app)


def test_leaves_that_one_step_stopped_are_told_in_one_sentence():
    stopped = [row(path, 0, 0, failed="prune: the loss is no number any more") for path in ("prune+PTQ", "PQAT")]
    alone = row("QAT", 0, 0, failed="QAT: out of memory")
    told = cost.failures(summary([row("PTQ", 0, 0.9), *stopped, alone, row("CQAT", 0, 0, failed="no")]), "CQAT")
    assert told == [
        "prune+PTQ, PQAT have no file: prune: the loss is no number any more",
        "QAT has no file: QAT: out of memory",
    ]


def test_a_failed_leaf_says_why_it_has_no_file(open_page):
    seed.job(optimizing.TASK, result=done())
    app = open_page("optimize")
    app.button_group(key=tree.LOOK).set_value("PCQAT").run()
    assert "PCQAT has no file: PCQAT: the loss is no number any more" in [each.value for each in app.error]
    assert "Use it on Firmware" not in labels(app)


def test_the_table_can_be_filtered(open_page):
    seed.job(optimizing.TASK, result=done())
    app = open_page("optimize")
    app.button_group(key="tree-kinds").set_value(["quantized after", "with clustering"]).run()
    assert app.dataframe[0].value["Path"].tolist() == ["cluster+PTQ", "prune+cluster+PTQ"]


def test_a_leaf_goes_to_firmware(open_page):
    seed.job(optimizing.TASK, result=done())
    app = open_page("optimize")
    app.button_group(key=tree.LOOK).set_value("PTQ").run()
    press(app, "Use it on Firmware")
    assert [run.name for run in open_store().runs(seed.project().id, "detector")] == ["alarm (default) PTQ"]


def test_a_failed_walk_says_why_and_the_form_is_back(open_page):
    seed.job(optimizing.TASK, "failed", error="ds_cnn_s needs data: sounds of the project, or an .npz file.")
    app = open_page("optimize")
    assert "needs data" in text(app)
    assert "Walk your own" in [each.label for each in app.expander]


def test_states_are_those_of_the_least_finished_seed():
    told = [
        {"node": "base", "seed": 0, "state": "done"}, {"node": "base", "seed": 1, "state": "running"},
        {"node": "prune", "seed": 0, "state": "failed"}, {"node": "cluster", "seed": 0, "state": "done"},
    ]  # fmt: skip
    states = tree.states_of(told, PATHS)
    assert (states["base"], states["prune"], states["cluster"], states["PTQ"]) == (
        "running",
        "failed",
        "done",
        "waiting",
    )


def test_every_legal_leaf_has_its_place_in_the_drawing():
    assert set(PATHS) <= set(tree.PLACES)
    assert {end for _, end in tree.EDGES} | {"base"} == set(tree.PLACES)


def found(met=True):
    said = ["Level 1, quantize only: PTQ has 97.2% in 25,000 gzip bytes, 5,000 gzip bytes over the ceiling.",
            "Found: prune+PTQ to 50% zeros has 96.0% in 17,000 gzip bytes; wanted was at least 95.0%."
            if met else "Not met: nothing that was tried has at least 99.0%. To reach it, train longer.",
            "On the 150 held-out decisions that chose nothing it has 95.3%, over the floor."]  # fmt: skip
    rows = [{"path": "PTQ", "sparsity_wanted": None, "clusters_wanted": None, "accuracy": 0.972, "gzip_bytes": 25_000,
             "met": False, "failed": None},
            {"path": "prune+PTQ", "sparsity_wanted": 0.5, "clusters_wanted": None, "accuracy": 0.96,
             "gzip_bytes": 17_000, "met": met, "failed": None}]  # fmt: skip
    goal = {"floor": 0.95, "measure": "gzip_bytes", "ceiling": 20_000, "trials": 5}
    detector = {"prune+PTQ.0.detector": seed.artifact("prune+PTQ.0.detector", seed.detector().to_bytes()),
                "prune+PTQ.0.tflite": seed.artifact("prune+PTQ.0.tflite", bytes(100))}  # fmt: skip
    return {"model": "alarm (default)", "path": "prune+PTQ", "goal": goal, "met": met, "said": said, "tries": rows,
            "trained": 2, "artifacts": detector}  # fmt: skip


def test_a_goal_travels_with_the_job(open_page):
    app = open_page("optimize", "tree-form")
    app.button_group(key="tree-what").set_value(optimizing.FIND).run()
    app.number_input(key="find-floor").set_value(95.0)
    app.number_input(key="find-ceiling").set_value(20_000)
    press(app, "Find it")
    made = jobs.jobs(open_store())[0]
    assert made.task == finding.TASK
    assert made.args["goal"] == {"floor": 0.95, "measure": "gzip_bytes", "ceiling": 20_000, "trials": 5}


def test_a_running_search_says_what_it_found_out_so_far(open_page):
    running = seed.job(finding.TASK, "running", args={"goal": {}}, done=3, total=30, message="level 2, prune: epoch 1")
    for event in ({"node": "base", "seed": 0, "state": "done"}, {"said": found()["said"][0]}):
        jobs.say(open_store(), running.id, jobs.METRIC, event)
    app = open_page("optimize")
    assert "Cancel" in labels(app)
    assert "5,000 gzip bytes over the ceiling" in text(app)


def test_a_search_that_met_its_goal_shows_the_way_and_takes_the_file_to_firmware(open_page):
    seed.job(finding.TASK, result=found())
    app = open_page("optimize")
    assert "Found: prune+PTQ to 50% zeros" in text(app)
    assert app.dataframe[0].value["Path"].tolist() == ["PTQ", "prune+PTQ"]
    press(app, "Use it on Firmware")
    assert [run.name for run in open_store().runs(seed.project().id, "detector")] == ["alarm (default) prune+PTQ"]


def test_a_search_that_did_not_says_what_would_help(open_page):
    seed.job(finding.TASK, result=found(met=False))
    assert "Not met" in text(open_page("optimize"))


def test_a_search_that_failed_says_why_and_the_form_is_back(open_page):
    seed.job(finding.TASK, "failed", error="Nothing could be tried: prune: the loss is no number any more.")
    app = open_page("optimize")
    assert "Nothing could be tried" in text(app)
    assert "Walk your own" in [each.label for each in app.expander]
