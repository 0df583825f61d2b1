"""How much one person may keep, and ask for: refused in a sentence, nothing half-written; on either database."""

from dataclasses import replace

import pytest

from lab.sound.clip import Clip
from lab.study import portable
from lab.study.uploads import keep
from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import Store, store_of
from lab.workspace.store.quota import EXPORT, OverQuota, used_bytes
from tests.pages.seed import tone_wav

MB = 10**6


@pytest.fixture
def store(database):
    made = Store(replace(settings(), quota_mb=1, quota_jobs=2))
    yield made
    made.engine.dispose()


def sound(seed, seconds=8.0):
    import numpy as np

    samples = np.random.default_rng(seed).integers(-9_000, 9_000, round(16_000 * seconds)).astype(np.int16)
    return Clip(samples, "alarm", f"take {seed}")


def add(store, project_id, seed):
    return keep(store, project_id, f"{seed}.wav", sound(seed), "", "", [])


def used(store, person="local"):
    with store.session() as session:
        return used_bytes(session, person)


def test_what_goes_over_a_share_is_refused_and_leaves_nothing(store):
    project = store.project("Kitchen").id
    for seed in range(3):
        assert add(store, project, seed)
    assert used(store) == 3 * 256_044
    files = store.files.paths()
    with pytest.raises(
        OverQuota, match=r"no room for 0\.3 MB more: 0\.8 MB of 1 MB are used\. Nothing was changed\. Empty"
    ):
        add(store, project, 3)
    with pytest.raises(OverQuota):
        store.put_artifact("uf2", "firmware.uf2", bytes(300_000))
    assert store.files.paths() == files
    assert len(store.clips(project)) == 3


def test_a_share_is_the_project_owners_whoever_adds_to_it(store):
    theirs = store_of(store, "ada@example.org")
    project = theirs.project("Hall", "ada@example.org").id
    for seed in range(3):
        add(theirs, project, seed)
    assert (used(store, "ada@example.org"), used(store)) == (3 * 256_044, 0)
    with pytest.raises(OverQuota):
        add(theirs, project, 3)
    with pytest.raises(OverQuota):
        theirs.put_artifact("detector", "one.detector", bytes(300_000))
    assert add(store, store.project("Mine").id, 3)


def test_a_project_that_does_not_fit_comes_in_not_at_all(store, tmp_path):
    roomy = Store(settings())
    project = roomy.project("Large").id
    for seed in range(5):
        add(roomy, project, seed)
    portable.export(roomy, project, tmp_path / "large.zip")
    ada = store_of(store, "ada@example.org")
    with pytest.raises(OverQuota, match=r"1\.3 MB more: 0\.0 MB of 1 MB"):
        portable.bring_in(ada, tmp_path / "large.zip", "ada@example.org")
    assert used(store, "ada@example.org") == 0
    roomy.engine.dispose()


def test_what_a_person_takes_away_counts_for_nothing(store):
    store.put_artifact(EXPORT, "my data.zip", bytes(3 * MB))
    assert used(store) == 0


def test_a_person_asks_for_so_many_jobs_and_no_more(store):
    first = jobs.submit(store, "a:b", {})
    jobs.submit(store, "a:b", {})
    with pytest.raises(OverQuota, match=r"^2 of your jobs wait or run, and 2 may\. Nothing was asked for"):
        jobs.submit(store, "a:b", {})
    assert jobs.submit(store, "a:b", {}, owner="ada@example.org")
    jobs.cancel(store, first.id)
    assert jobs.submit(store, "a:b", {})


def test_without_a_quota_there_is_room_for_everything(database):
    store = Store(settings())
    assert store.put_artifact("wav", "a.wav", tone_wav()).size_bytes > 0
    store.room_for(10**15)
    store.engine.dispose()
