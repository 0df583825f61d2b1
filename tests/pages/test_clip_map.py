"""The map on the Sounds page: asked for, drawn, coloured by today's labels, and clicked."""

import json

import pytest

from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui.clip_map import TASK
from tests.pages import seed
from tests.pages.conftest import labels, press, text


@pytest.fixture
def unfolded(open_page):
    """Return a function that opens Sounds with the map unfolded."""

    return lambda: open_page("sounds", "map")


def clips():
    return open_store().clips(seed.project().id)


def mapped():
    points = [[clip.id, place * 1.0, -place * 1.0] for place, clip in enumerate(clips())]
    return seed.job(TASK, result={"points": points, "explained": 0.61, "shown": len(points), "all": len(points)})


def figure(app):
    return json.loads(next(each.proto.spec for each in app.get("plotly_chart") if "scattergl" in each.proto.spec))


def test_the_map_is_drawn_when_asked_for(unfolded, submitted):
    seed.examples()
    app = press(unfolded(), "Draw the map")
    assert [(row.task, row.args) for row in jobs.jobs(open_store())] == [(TASK, {"project_id": seed.project().id})]
    assert app.button(key="draw-map").disabled


def test_points_have_the_colours_of_todays_labels_and_those_that_went_are_left_out(unfolded):
    seed.examples()
    mapped()
    store, ids = open_store(), [clip.id for clip in clips()]
    store.set_label([ids[0]], "whistle")
    store.delete_clips([ids[1]])
    app = unfolded()
    assert {trace["name"] for trace in figure(app)["data"]} == {"alarm", "not_alarm", "whistle"}
    assert "11 sounds, by the two directions in which they differ most: 61 % of their differences." in text(app)
    assert "Draw it anew" in labels(app)


def test_new_sounds_are_told_to_be_missing(unfolded):
    seed.examples()
    row = mapped()
    with open_store().session() as session:
        kept = session.get(type(row), row.id)
        kept.result = {**kept.result, "points": kept.result["points"][:10]}
    assert "2 sounds more are not on it" in text(unfolded())


def test_a_folded_map_costs_nothing(open_page):
    seed.examples()
    mapped()
    assert len(open_page("sounds").get("plotly_chart")) == 1


def test_a_running_or_failed_map_is_shown(unfolded):
    seed.examples()
    seed.job(TASK, "running", done=3, total=12, message="bird.wav")
    assert "bird.wav" in unfolded().get("progress")[0].proto.text
    seed.job(TASK, "failed", error="A map needs 3 sounds or more; this project has 2.")
    assert "needs 3 sounds" in unfolded().error[0].value


def test_labels_beyond_the_colours_of_the_theme_differ_by_symbol(unfolded):
    seed.examples()
    mapped()
    for clip in clips():
        open_store().set_label([clip.id], f"kind {clip.id:02d}")
    traces = figure(unfolded())["data"]
    symbols = [trace["marker"]["symbol"] for trace in traces]
    assert len(traces) == 12
    assert symbols == ["circle"] * 10 + ["diamond"] * 2
