from datetime import timedelta

from lab.study import guide
from lab.workspace import jobs
from lab.workspace.store import Job, now, open_store
from lab.workspace.store.tables import Audit
from tests.pages.seed import tone_wav

ADA, BEN = "place:ada", "place:ben"


def finished(task, owner, state=jobs.DONE, error=None):
    row = jobs.submit(open_store(), task, {}, None, owner)
    with open_store().session() as session:
        kept = session.get(Job, row.id)
        kept.state, kept.finished, kept.error = state, now(), error


def test_what_is_in_the_store_ticks_the_steps_of_whom_it_belongs_to():
    store = open_store()
    project = store.project("Ada's", ADA).id
    store.add_clip(project, tone_wav(), "a.wav", "not_alarm", "a", 1.0, 0.5, source="corrected here")
    finished("lab.study.tasks:teach", ADA)
    finished("lab.study.tasks:compile_firmware", ADA, jobs.FAILED, "No compiler.")
    guide.mark(store, ADA, guide.HEARD)
    done = guide.progress(store, [ADA, BEN])
    assert set(done[ADA]) == {guide.HEARD, guide.KEPT, guide.TAUGHT}
    assert guide.here(done[ADA]).key == guide.COMPARED
    assert done[BEN] == {}
    assert guide.here(done[BEN]).key == guide.HEARD


def test_example_sounds_and_deleted_ones_tick_nothing():
    store = open_store()
    project = store.project("Ben's", BEN).id
    store.add_clip(project, tone_wav(1.0), "x.wav", "alarm", "x", 1.0, 0.5, source="synthetic")
    clip, _ = store.add_clip(project, tone_wav(1.1), "y.wav", "alarm", "y", 1.0, 0.5, source="recorded here")
    store.delete_clips([clip.id])
    assert guide.progress(store, [BEN])[BEN] == {}


def test_a_step_counts_from_its_first_time():
    store = open_store()
    guide.mark(store, ADA, guide.HEARD)
    with store.session() as session:
        session.query(Audit).update({Audit.at: now() - timedelta(minutes=9)})
    guide.mark(store, ADA, guide.HEARD)
    (at,) = guide.progress(store, [ADA])[ADA].values()
    assert now() - at > timedelta(minutes=8)


def test_all_steps_done_leave_nothing_to_do():
    assert guide.here({step.key: now() for step in guide.STEPS}) is None


def test_each_failed_flash_and_failed_job_is_told_newest_first():
    store = open_store()
    finished("lab.study.tasks:compile_firmware", ADA, jobs.FAILED, "No compiler.")
    for why in ("not in boot mode", "cable"):
        guide.mark(store, BEN, guide.FLASH_FAILED, data={"why": why})
    rows = guide.failures(store, [ADA, BEN])
    assert [(row["person"], row["why"]) for row in rows] == [
        (BEN, "cable"),
        (BEN, "not in boot mode"),
        (ADA, "No compiler."),
    ]
