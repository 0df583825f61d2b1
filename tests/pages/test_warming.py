import os
import subprocess
import sys

from lab.deploy.prepared import prepared_detector
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.server import warming
from tests.conftest import ROOT

WARM = """
import sys
from pages.server import warming
warming.warm()
needed, not_yet = ("pages.ui.listening", "aiortc", "plotly.subplots"), ("streamlit_webrtc", "tensorflow")
print(all(name in sys.modules for name in needed), any(name in sys.modules for name in not_yet))
"""


def test_what_the_first_pages_need_is_imported_and_neither_tensorflow_nor_what_a_page_has_to_import(lab_home):
    done = subprocess.run(
        [sys.executable, "-c", WARM], cwd=ROOT, env={**os.environ, "LAB_WORKERS": "0"}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "False"]


def test_each_process_of_the_worker_prepares_lessons_of_the_prepared_detector(monkeypatch):
    started = []
    monkeypatch.setattr(warming, "ensure_worker", started.append)
    store = open_store()
    warming.lessons(store)
    asked = [row.args for row in jobs.jobs(store) if row.task == jobs.SHORT[1]]
    assert sorted(each["process"] for each in asked) == list(range(store.config.workers))
    assert {store.read_artifact(each["detector"]) for each in asked} == {prepared_detector().to_bytes()}
    assert started == [store.config]
