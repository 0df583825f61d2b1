import io
import zipfile

from lab.deploy.prepared import prepared_detector
from lab.study import take_home
from lab.workspace.context import run_inline
from lab.workspace.store import open_store
from tests.pages.seed import tone_wav

ALARM = {"name": "T3", "wanted": True, "loud_s": 2.0, "quiet_s": None}
T4 = {"name": "T4", "wanted": False, "loud_s": None, "quiet_s": None}


def test_the_prepared_detectors_card_hears_the_t3_and_not_the_t4():
    told = take_home.measure(prepared_detector())
    rows = {row["name"]: row for row in told["alarms"]}
    assert rows["T3 smoke alarm, 3,150 Hz"]["loud_s"] < 8
    assert rows["T4: carbon monoxide, no fire alarm"]["loud_s"] is None
    assert len(told["others"]) >= 5


def test_what_it_mistakes_and_misses_is_said():
    card = {"alarms": [ALARM, {**ALARM, "name": "520 Hz", "loud_s": None}, {**T4, "loud_s": 1.0}],
            "others": [{"name": "whistle", "heard": True}, {"name": "rain", "heard": False}]}  # fmt: skip
    assert take_home.hears(card) == "It hears: T3. It misses: 520 Hz."
    assert take_home.mistakes(card) == "It takes for an alarm: T4; whistle (of 2 other kinds of sound)."


def test_everything_goes_home_in_one_zip_with_names_that_any_system_takes(monkeypatch):
    monkeypatch.setattr(take_home, "measure", lambda detector, on_progress: {"alarms": [ALARM, T4], "others": []})
    store = open_store()
    project = store.project("Mine").id
    store.add_clip(project, tone_wav(), "../x: 1.wav", "not/alarm", "a", 1.0, 0.5, source="corrected here")
    store.add_clip(project, tone_wav(1.1), "made.wav", "alarm", "b", 1.0, 0.5, source="synthetic")
    detector = store.put_artifact("detector", "d", prepared_detector().to_bytes()).sha256
    uf2 = store.put_artifact("uf2", "f.uf2", b"UF2").sha256
    args = {"project_id": project, "detector": detector, "uf2": uf2, "name": "<Ada>", "lesson": {}}
    made = run_inline("lab.study.take_home:take_home", args, store.config, project_id=project)
    (sha256,) = made["artifacts"].values()
    with zipfile.ZipFile(io.BytesIO(store.read_artifact(sha256))) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        card = archive.read("card.html").decode()
    assert [name.rsplit(".", 1)[1] for name in names] == ["html", "detector", "uf2", "wav"]
    assert all(".." not in name and ":" not in name and name.count("/") in (0, 2) for name in names)
    assert "&lt;Ada&gt;" in card
    assert "<Ada>" not in card
