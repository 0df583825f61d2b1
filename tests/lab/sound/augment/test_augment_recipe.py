"""One augmentation: order, chance, seeds, JSON and what is refused."""

import json

import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound.augment import (
    ARTICLE,
    EFFECTS,
    SUGGESTED,
    Augmentation,
    BandLimit,
    Level,
    Mixing,
    RandomSilence,
    Room,
    TimeShift,
    WhiteNoise,
    read,
)  # fmt: skip
from lab.sound.augment.recipe import EACH
from lab.sound.augment.settings import from_json, to_json

SOUND = np.random.default_rng(1).integers(-9_000, 9_000, 16_000).astype(np.int16)
OTHER = np.random.default_rng(2).integers(-9_000, 9_000, 16_000).astype(np.int16)


def test_equal_recipes_give_equal_copies_whatever_came_before():
    first = SUGGESTED.copies_of(SOUND, [OTHER], 3)
    SUGGESTED.copies_of(OTHER, [SOUND], 1)
    np.testing.assert_array_equal(first, SUGGESTED.copies_of(SOUND.copy(), [OTHER], 3))


@pytest.mark.parametrize("arrangement", ["together", "each"])
def test_seed_draw_copy_and_sound_each_make_other_copies(arrangement):
    recipe = Augmentation((WhiteNoise((0.01, 0.2)),), copies=2, arrangement=arrangement)
    first, second = recipe.copies_of(SOUND)
    others = [
        second,
        recipe.copies_of(SOUND, draw=1)[0],
        Augmentation(recipe.effects, 2, arrangement, seed=1).copies_of(SOUND)[0],
    ]
    assert all(not np.array_equal(first, other) for other in others)
    added = first.astype(int) - SOUND
    assert not np.array_equal(added, recipe.copies_of(OTHER)[0].astype(int) - OTHER)


def test_effects_strike_in_their_order():
    shift, quiet = TimeShift((0.5, 0.5)), WhiteNoise((0.1, 0.1))
    before, after = (Augmentation(order).copies_of(SOUND)[0] for order in ((shift, quiet), (quiet, shift)))
    assert before[:8_000].any()
    assert not after[:8_000].any()


def test_to_change_one_effect_moves_no_other():
    """The room stays the same: level changes by 6 dB, and nothing but level."""
    near, far = (Augmentation((Room(), Level((gain, gain)))).copies_of(SOUND)[0].astype(float) for gain in (0.0, -6.0))
    np.testing.assert_allclose(far, near * 10 ** (-6 / 20), atol=0.51)


def test_an_effect_strikes_by_its_chance():
    recipe = Augmentation((TimeShift((0.5, 0.5), chance=0.3),))
    struck = [not recipe.copies_of(SOUND, draw=draw)[0][:8_000].any() for draw in range(400)]
    assert np.mean(struck) == pytest.approx(0.3, abs=0.07)
    assert recipe.told(SOUND, draw=struck.index(False))[0].drawn == []
    assert recipe.told(SOUND, draw=struck.index(True))[0].drawn == ["0.50 s later"]


def test_an_effect_of_no_chance_never_strikes_and_in_copies_of_its_own_gives_none():
    never = (Level(chance=0.0), WhiteNoise(chance=0.0))
    np.testing.assert_array_equal(Augmentation(never).copies_of(SOUND), [SOUND])
    assert Augmentation(never, copies=3, arrangement=EACH).copies_of(SOUND) == []


def test_the_articles_arrangement_gives_a_copy_by_each():
    copies = ARTICLE.told(SOUND, [OTHER])
    assert [copy.drawn[0].split()[0] for copy in copies] == ["noise", "20%", "mixed"]
    assert len(ARTICLE.copies_of(SOUND)) == 2  # nothing to mix in


@pytest.mark.parametrize("recipe", [Augmentation(), ARTICLE, SUGGESTED,
                                    Augmentation((Mixing(labels=("köche", "rain")),), 3, EACH, 99)])  # fmt: skip
def test_json_gives_the_same_recipe_back(recipe):
    assert Augmentation.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize("kind", EFFECTS.values(), ids=EFFECTS)
def test_settings_come_back_from_json_and_what_is_left_out_is_usual(kind):
    assert from_json(to_json(kind())) == kind()
    assert from_json({"effect": to_json(kind())["effect"]}) == kind()


def test_a_recipe_in_words():
    assert Augmentation((Room(), Level())).says() == "room, level"
    assert ARTICLE.says() == "white noise, random silence, mixing, each in a copy of its own"
    assert Augmentation().says() == "no copies"


def effect(name="level", **values):
    return {"effects": [{"effect": name, **values}]}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "is a JSON object with a list of effects; got NoneType"),
        ([], "got list"),
        ({"schema": 2}, "schema is 2; this version reads 1"),
        ({"effects": "room"}, "effects is 'room'; give a list"),
        ({"effects": ["room"]}, "no effect 'room'; choose among time_shift, room"),
        ({"effects": [{"effect": "reverb"}]}, "no effect 'reverb'"),
        ({"effects": [{"effect": ["room"]}]}, "no effect"),
        (effect(gain=3), "Level has no setting 'gain'; it has chance, gain_db"),
        (effect(gain_db=3), "Level: gain_db is 3; give two numbers"),
        (effect(gain_db=[1]), "give two numbers"),
        (effect(gain_db=[6, -6]), "gain_db is 6 to -6; choose the least first, from -40 up to 20"),
        (effect(gain_db=[-99, 0]), "from -40 up to 20"),
        (effect(gain_db=[float("nan"), 0]), "holds nan; give a number"),
        (effect(gain_db=[0, float("inf")]), "holds inf; give a number"),
        (effect(gain_db=["0", 1]), "holds '0'; give a number"),
        (effect(gain_db=[True, 1]), "holds True; give a number"),
        (effect(chance=1.5), "chance is 1.5; choose 0 to 1"),
        (effect(chance=None), "chance holds None"),
        (effect("band_limit", low_hz=[50, 1_500], high_hz=[1_000, 2_000]), "leave a band between them"),
        (effect("mixing", labels="rain"), "give a list of labels"),
        (effect("mixing", labels=[1]), "give a list of labels"),
        (effect("mixing", labels=["a/b"]), "use letters, digits"),
        ({"effects": [{"effect": "room"}, {"effect": "room"}]}, "Room is named twice"),
        ({"copies": 0}, "copies is 0; give a whole number from 1 to 8"),
        ({"copies": 2.0}, "copies is 2.0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": True}, "seed is True"),
        ({"arrangement": "loop"}, "choose together or each"),
        ({"rooms": 3}, "no setting 'rooms'; it has effects, copies, arrangement, seed"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence(data, sentence):
    with pytest.raises(BadInput) as caught:
        Augmentation.from_json(data)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_made_in_python_are_checked_too():
    with pytest.raises(BadInput, match="Random silence: share"):
        RandomSilence((0.5, 0.2))
    with pytest.raises(BadInput, match="chance"):
        BandLimit(chance=2)


def test_a_file_is_read(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(SUGGESTED.to_json()))
    assert read(path) == SUGGESTED


@pytest.mark.parametrize(("data", "sentence"), [
    (b"", "mine.json is not JSON"), (b"\xff\xfe", "is not JSON"), (b"{", "is not JSON"), (b"[" * 60_000, "is not JSON"),
    (b" " * 70_000, "has more than 64 KB"), (b"3", "got int"),
])  # fmt: skip
def test_a_file_that_is_none_is_refused(tmp_path, data, sentence):
    path = tmp_path / "mine.json"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=sentence):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path / "none.json")
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path)
