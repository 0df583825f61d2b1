from lab.study import guide
from lab.workspace.store import open_store
from pages.ui import guiding, taking
from tests.pages import seed
from tests.pages.conftest import labels, press, text


def test_a_new_person_sees_the_first_step_and_where_to_go(open_page):
    app = open_page("guide")
    assert "Play a test alarm" in text(app)
    assert text(app).count('class="lab-guide done"') == 0
    assert "Your card appears here" in text(app)


def test_steps_are_ticked_by_what_was_done(open_page):
    guide.mark(open_store(), "local", guide.HEARD)
    seed.job(taking.listening.TEACH, result={"detector": "", "held_out": {}})
    app = open_page("guide")
    assert text(app).count('class="lab-guide done"') == 2
    assert "That was wrong" in text(app)


def test_home_says_which_step_comes_next(open_page):
    assert "step 1 of 7" in text(open_page("home"))


def test_looking_at_the_tree_is_a_step_and_noted_once(open_page):
    app = open_page("optimize")
    app.run()
    assert guide.COMPARED in guide.progress(open_store(), ["local"])["local"]


def test_a_card_is_asked_for_once_there_is_a_detector_and_shown_when_made(open_page):
    sha = seed.artifact("taught.detector", seed.detector().to_bytes())
    open_store().save_run(seed.project().id, "teach", "Kitchen alarm", {}, {"taught.detector": sha})
    app = press(open_page("guide"), "Make my card")
    (job,) = [row for row in taking.jobs.jobs(open_store()) if row.task == taking.TASK]
    assert job.args["detector"] == sha
    zipped = seed.artifact("Kitchen alarm.zip", b"PK")
    told = {"name": "Kitchen <alarm>", "alarms": [{"name": "T3", "wanted": True, "loud_s": 2.0, "quiet_s": None}],
            "others": [{"name": "kettle", "heard": True}], "clips": 3, "uf2": False,
            "artifacts": {"k.zip": zipped}}  # fmt: skip
    seed.job(taking.TASK, args=job.args, result=told)
    app = app.run()
    assert "It hears: T3." in text(app)
    assert "kettle" in text(app)
    assert "Kitchen &lt;alarm&gt;" in text(app)
    assert "Make my card" not in labels(app)


def test_a_disk_that_is_full_stops_no_page(open_page, monkeypatch):
    def full(*_, **__):
        raise guiding.LabError("The disk is full.")

    monkeypatch.setattr(guide, "mark", full)
    open_page("optimize")


def test_a_room_is_its_leaders_alone(open_page):
    app = open_page("room")
    assert "For the leader of a workshop" in text(app)
    assert labels(app) == []
