"""Sounds: a project as a whole: its split, its export, its end."""

import numpy as np

from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.study.versions import version
from lab.workspace import jobs
from lab.workspace.context import run_inline
from lab.workspace.store import open_store
from tests.pages import seed
from tests.pages.conftest import press, text


def test_the_whole_project_shows_its_split_version_and_leaks(open_page):
    seed.examples()
    assert not open_page("sounds").metric  # folded, it costs nothing
    app = open_page("sounds", "whole")
    shown = text(app)
    assert version(open_store(), seed.project().id).sha256[:8] in shown
    assert "tested windows" in shown
    assert [metric.label for metric in app.metric] == ["Trains", "Decides when to stop", "Tests"]


def test_an_export_is_a_job_and_its_zip_is_offered(open_page, submitted):
    seed.examples()
    licensed = wav_bytes(Clip(np.full(16_000, 900, np.int16), "dog", "dog"))
    open_store().add_clip(seed.project().id, licensed, "dog.wav", "dog", "dog", 1.0, 0.03, licence="ESC-50: CC BY-NC")
    app = press(open_page("sounds", "whole"), "Prepare export")
    assert "Not for commercial use: ESC-50: CC BY-NC." in [warning.value for warning in app.warning]
    (row,) = jobs.jobs(open_store())
    made = run_inline(row.task, row.args, open_store().config)
    seed.job(row.task, args=row.args, result=made)
    offered = open_page("sounds", "whole").get("download_button")
    assert any("13 sounds" in button.proto.label for button in offered)


def test_a_project_is_deleted_only_after_its_name_was_typed(open_page):
    seed.examples()
    app = press(open_page("sounds", "whole"), "Delete this project …")
    sure = next(button for button in app.button if button.label == "Delete for good")
    assert sure.disabled
    assert open_store().projects()[0].name == seed.PROJECT
