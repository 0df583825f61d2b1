import base64

import numpy as np
import pytest

from lab.deploy import pdm
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.errors import Missing
from lab.sound import synth
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui import flashing, stepping, trying
from tests.pages.conftest import press, text

SHOWN = []


@pytest.fixture(autouse=True)
def bundled(monkeypatch):
    """Stand in for esbuild, and keep what the component is given."""
    SHOWN.clear()
    monkeypatch.setattr(trying, "_component", lambda: lambda **given: SHOWN.append(given["data"]))


@pytest.fixture
def compiled():
    """Put a compilation of the prepared detector into the first project."""
    store = open_store()
    project = store.project("Kitchen")
    detector = store.put_artifact("detector", "prepared.detector", prepared_detector().to_bytes()).sha256
    uf2 = store.put_artifact("uf2", "fire.uf2", b"UF2\nimage").sha256
    job = jobs.submit(store, flashing.COMPILE, {"detector": detector, "board": "pico"}, project.id)

    def finish(artifacts):
        with store.session() as session:
            row = session.get(type(job), job.id)
            row.state, row.result = jobs.DONE, {"artifacts": artifacts}
        return project

    return lambda with_uf2=True: finish({"fire.uf2": uf2} if with_uf2 else {})


def opened(open_page):
    page = open_page("board")
    page.segmented_control(key="board-part").set_value("Try it without a board").run()
    return page


def test_a_detector_that_is_not_compiled_is_compiled_from_here(open_page, submitted):
    page = opened(open_page)
    assert "Not compiled yet" in text(page)
    press(page, "Compile it")
    assert submitted
    assert jobs.jobs(open_store())[0].task == flashing.COMPILE


def test_the_firmware_the_sound_and_what_the_twin_says_of_it_go_to_the_page(open_page, compiled):
    compiled()
    page = opened(open_page)
    assert not page.exception
    data = SHOWN[-1]
    assert base64.b64decode(data["firmware"]["uf2"]) == b"UF2\nimage"
    samples = np.frombuffer(base64.b64decode(data["sound"]["pcm"]), "<i2")
    assert np.array_equal(samples, synth.test_alarm("t3", trying.ALARM_S, trying.ALARM_DB))
    try:
        expected = Twin(prepared_detector()).hear(pdm.capture(samples))
    except Missing:
        assert data["twin"] is None
        return
    assert np.array_equal(np.frombuffer(base64.b64decode(data["twin"]["codes"]), np.int8), expected.codes)
    assert data["twin"]["first"] == expected.first_hop


def test_the_microphone_has_no_twin_to_compare_with(open_page, compiled):
    compiled()
    page = opened(open_page)
    page.segmented_control(key="try-source").set_value(trying.MICROPHONE).run()
    assert SHOWN[-1]["sound"] is None
    assert SHOWN[-1]["twin"] is None


def test_a_project_without_sounds_says_so_and_a_short_one_is_told(open_page, compiled):
    project = compiled()
    page = opened(open_page)
    page.segmented_control(key="try-source").set_value(trying.CLIP).run()
    assert "no sounds yet" in text(page)
    wav = wav_bytes(Clip(np.zeros(8_000, np.int16), "", ""))
    open_store().add_clip(project.id, wav, "tick.wav", "", "tick", 0.5, 0.0)
    page.run()
    assert not page.exception, page.exception
    assert "This sound lasts 0.5 s; the detector decides after 1.0 s" in text(page)


def test_without_a_cross_compiler_the_page_says_where_to_get_it(open_page, compiled):
    compiled(with_uf2=False)
    assert "compiler for the board is missing" in text(opened(open_page))


def test_without_node_the_page_says_what_is_missing(open_page, compiled, monkeypatch):
    def missing():
        raise Missing("Node.js is missing: run `make setup`.")

    monkeypatch.setattr(trying, "_component", missing)
    compiled()
    assert "Node.js is missing" in text(opened(open_page))


def test_one_hop_is_stepped_through_to_the_code_that_the_board_says(open_page, compiled):
    compiled()
    page = opened(open_page)
    if SHOWN[-1]["twin"] is None:
        pytest.skip("no C compiler, so no twin")
    codes = np.frombuffer(base64.b64decode(SHOWN[-1]["twin"]["codes"]), np.int8)
    page.toggle(key="step-on").set_value(True).run()
    assert not page.exception, page.exception
    [hop] = [each for each in page.slider if each.label == "Hop"]
    assert hop.value == 31 + int(np.argmax(codes))
    hop.set_value(40).run()
    said = text(page)
    assert f'"hop":40, … "code":{codes[9]}' in said
    assert "the twin says the same" in said
    assert said.index("Window") < said.index("Spectrum") < said.index("Features") < said.index("CONV_2D")


@pytest.mark.parametrize(("shape", "rows", "columns"), [((3, 4, 2), 3, 10), ((5, 6), 5, 6), ((7,), 1, 7)])
def test_a_layer_becomes_one_picture_with_its_channels_side_by_side(shape, rows, columns):
    values = np.arange(np.prod(shape)).reshape(shape)
    picture = stepping.mosaic(values)
    assert (len(picture), {len(row) for row in picture}) == (rows, {columns})
    if len(shape) == 3:
        assert [number for number in picture[1] if number is not None][:4] == values[1, :, 0].tolist()
