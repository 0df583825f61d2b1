"""Augment: widgets to a recipe, tried on a sound, kept with the project, used by Train."""

import json

import numpy as np
import pytest

from lab.errors import BadInput, LabError
from lab.sound.augment import ARTICLE, SUGGESTED, Augmentation, Level, Mixing, Room
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.study import augmentation
from lab.workspace import jobs
from lab.workspace.store import Store, open_store
from pages.ui import augmenting, beside, learning
from tests.pages import seed
from tests.pages.conftest import labels, press, text

USES = "Train uses these settings"


def saved():
    return augmentation.saved(open_store(), seed.project().id)


def keep(recipe):
    augmentation.save(open_store(), seed.project().id, recipe)


def slider(app, label, place=0):
    return [each for each in app.slider if each.label == label][place]


def switch(app, *names):
    """Leave only these effects on."""
    next(each for each in app.button_group if each.label == "Effects").set_value(list(names)).run()
    assert not app.exception, [each.value for each in app.exception]
    return app


def test_an_empty_project_tries_a_sound_made_here(open_page):
    seed.project()
    app = open_page("augment")
    assert app.selectbox(key=f"try-{seed.project().id}").value.title == "Made here: T3 alarm, 3150 Hz"
    assert len(app.get("audio")) == len(app.get("plotly_chart")) == 2
    assert "usual copies" in text(app)
    assert not app.error


def test_the_suggested_settings_are_shown_and_saved_for_training(open_page):
    seed.project()
    app = press(open_page("augment"), "Use in training")
    assert saved() == SUGGESTED
    assert USES in text(app)
    assert "Use in training" not in labels(app)


def test_a_moved_slider_is_no_longer_what_train_uses_until_it_is_saved(open_page):
    keep(SUGGESTED)
    app = open_page("augment")
    assert USES in text(app)
    slider(app, "Gain, dB").set_value((-30.0, 0.0)).run()
    assert USES not in text(app)
    app = press(app, "Use in training")
    assert Level((-30.0, 0.0), 0.8) in saved().effects


def test_what_is_saved_can_be_shown_again_and_given_up(open_page):
    keep(ARTICLE)
    app = switch(open_page("augment"), "room")
    app = press(app, "Show what is saved")
    assert USES in text(app)
    app = press(app, "Back to usual copies")
    assert saved() is None
    assert USES not in text(app)


def test_the_settings_shown_can_be_had_as_the_command_lines_file(open_page, monkeypatch):
    given = []
    monkeypatch.setattr(augmenting.st, "download_button", lambda *args, **_: given.append(args))
    keep(ARTICLE)
    open_page("augment")
    _, data, name, _ = given[-1]
    assert name == "augmentation.json"
    assert Augmentation.from_json(json.loads(data)) == ARTICLE


def test_another_draw_is_another_copy_and_the_seed_tells_which(open_page, monkeypatch):
    heard = []
    told = Augmentation.told
    monkeypatch.setattr(Augmentation, "told", lambda *given: heard.append(told(*given)) or heard[-1])
    keep(Augmentation((Level((-20.0, 0.0)),)))
    app = open_page("augment")
    assert "Draw 1:" in text(app)
    app = press(app, "Another draw")
    assert "Draw 2:" in text(app)
    app.number_input(key=f"augment-{seed.project().id}-0-seed").set_value(8).run()
    peaks = [int(abs(copies[0].samples).max()) for copies in heard]
    assert len(set(peaks)) == len(peaks) == 3


def test_the_articles_arrangement_lets_choose_among_its_copies(open_page):
    seed.project()
    app = press(open_page("augment"), "The article’s three")
    copy = next(each for each in app.button_group if each.label == "Copy")
    assert len(copy.options) == 3
    assert "noise peaks at" in text(app)
    copy.set_value(1).run()
    assert "20% of samples silenced" in text(app)


def test_no_effect_at_all_says_that_there_are_no_copies(open_page):
    seed.project()
    app = switch(open_page("augment"))
    assert "without copies" in text(app)
    assert "no copy this time" in text(app)


def test_settings_that_exclude_each_other_are_one_sentence(open_page):
    keep(SUGGESTED)
    app = open_page("augment")
    slider(app, "Less above, Hz").set_value((1_000.0, 2_000.0)).run()
    slider(app, "Less below, Hz").set_value((500.0, 1_500.0)).run()
    assert not app.exception
    assert "leave a band between them" in app.error[0].value
    assert "Use in training" not in labels(app)


def test_a_clip_says_whether_training_makes_copies_of_it(open_page):
    seed.examples()
    app = open_page("augment")
    sides = set()
    for choice in beside.choices(open_store().clips(seed.project().id))[:12]:
        app.selectbox(key=f"try-{seed.project().id}").set_value(choice).run()
        assert not app.exception
        sides |= {side for side in ("fine-tuning hears the very copy", "held back") if side in text(app)}
    assert len(sides) == 2


def test_mixing_labels_that_nothing_has_says_so(open_page):
    seed.examples()
    keep(Augmentation((Mixing(labels=("alarm",)),)))
    app = open_page("augment")
    assert "Nothing to mix in" not in text(app)
    next(each for each in app.multiselect if each.label == "Mix in sounds labelled").set_value(["not_alarm"]).run()
    assert "mixed in at" in text(app)


def test_a_full_disk_is_one_sentence_and_nothing_is_saved(open_page, monkeypatch):
    seed.project()
    app = open_page("augment")

    def full(*_):
        raise LabError("The disk is full: nothing was saved. Free some space and try again.")

    monkeypatch.setattr(Store, "save_run", full)
    app = press(app, "Use in training")
    assert "disk is full" in app.error[0].value
    assert saved() is None


def test_what_a_newer_version_saved_is_told_and_not_used(open_page):
    open_store().save_run(seed.project().id, augmentation.KIND, "newer", {"augment": {"schema": 9}}, {})
    app = open_page("augment")
    assert "schema is 9" in app.error[0].value
    with pytest.raises(BadInput, match="schema is 9"):
        saved()


def test_train_says_which_copies_it_makes_and_passes_the_settings(open_page):
    seed.examples()
    recipe = Augmentation((Room(),), copies=2, seed=5)
    keep(recipe)
    app = open_page("train")
    assert USES not in text(app)  # sounds made by this program have rooms of their own
    app.radio[0].set_value(learning.OWN).run()
    assert f"{USES}: room, seed 5" in text(app)
    assert "mixes nothing in" not in text(app)
    keep(Augmentation((Mixing(),)))
    app.run()
    assert "mixes nothing in until Mixing names labels" in text(app)
    keep(recipe)
    app.run()
    press(app, "Train the baseline")
    assert Augmentation.from_json(jobs.jobs(open_store())[0].args["augment"]) == recipe


def test_fine_tuning_uses_them_too_or_says_that_it_makes_the_articles_copies(open_page):
    seed.examples()
    seed.baseline_done()
    app = open_page("train")
    app.button_group[0].set_value(seed.FINETUNE).run()
    assert "The article’s copies" in text(app)
    keep(SUGGESTED)
    app.run()
    assert USES in text(app)
    press(app, "Fine-tune")
    assert Augmentation.from_json(jobs.jobs(open_store())[0].args["augment"]) == SUGGESTED


def test_the_pictures_are_those_of_the_projects_newest_model():
    seed.project()
    assert beside.spec_of(seed.project().id) == "default"
    open_store().save_run(seed.project().id, "baseline", "b", {"spec": "published"}, {})
    assert beside.spec_of(seed.project().id) == "published"


def test_of_a_long_recording_the_first_minute_is_tried(open_page):
    """Three recordings of a label: one of them trains."""
    for index in range(3):
        samples = (9_000 * np.sin(np.arange(61 * 16_000) * (0.1 + index))).astype(np.int16)
        wav = wav_bytes(Clip(samples, "hum", f"hum{index}"))
        open_store().add_clip(seed.project().id, wav, f"hum{index}.wav", "hum", f"hum{index}", 61.0, 0.27)
    keep(Augmentation((Level(),)))
    app, shown = open_page("augment"), ""
    for choice in beside.choices(open_store().clips(seed.project().id))[:3]:
        assert len(choice.samples()) == 60 * 16_000
        app.selectbox(key=f"try-{seed.project().id}").set_value(choice).run()
        assert not app.exception
        shown += text(app)
    assert "its first 60 s are shown" in shown
    assert "the very copy" not in shown
