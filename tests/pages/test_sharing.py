"""The sharing panel, and a project as others see it."""

import pytest

from lab.workspace import access
from lab.workspace.people import LOCAL, Person
from lab.workspace.store import open_store
from tests.conftest import ROOT
from tests.pages import seed
from tests.pages.conftest import labels, press, text

ANN, BEN = Person("ann@example.org", "Ann"), Person("ben@example.org", "Ben")


@pytest.fixture
def kitchen(sign_in, open_page):
    """Return Ann's project, which she has just opened."""
    project = open_store().project("Kitchen", ANN.id)
    sign_in.here = ANN
    open_page("sounds")
    return project


def test_an_owner_shares_by_address_and_takes_back(kitchen, open_page):
    app = open_page("sounds")
    assert "Only you see this project." in text(app)
    app.text_input(key="share-with").set_value("Ben@Example.org")
    app.selectbox(key="share-role").set_value("editor")
    app = press(app, "Share")
    assert access.role_of(open_store(), BEN, kitchen.id) == "editor"
    app = press(app, "Take back")
    assert access.role_of(open_store(), BEN, kitchen.id) is None


def test_an_address_that_is_none_is_one_sentence(kitchen, open_page):
    app = press(open_page("sounds"), "Share")
    assert "Whom do you mean" in app.error[0].value


@pytest.mark.parametrize(("role", "told"), [("viewer", "look and listen"), ("editor", "change it and train")])
def test_others_see_whose_it_is_what_they_may_and_no_controls_of_sharing(kitchen, role, told, sign_in, open_page):
    access.share(open_store(), ANN, kitchen.id, BEN.id, role)
    sign_in.here = BEN
    app = open_page("sounds")
    app.selectbox(key="_project_pick").set_value("Kitchen · Ann").run()
    assert f"Ann’s project: you may {told}" in text(app)
    assert "Share" not in labels(app)
    app = press(app, "Leave")
    assert access.role_of(open_store(), BEN, kitchen.id) is None
    assert "Kitchen · Ann" not in app.selectbox(key="_project_pick").options


def test_a_project_of_another_by_its_address_answers_as_one_that_is_not_there(kitchen, sign_in, open_page):
    sign_in.here = BEN
    told = []
    for name in ("Kitchen", "Nothing"):
        app = open_page("sounds")
        app.query_params["project"], app.query_params["of"] = name, ANN.id
        for key in ("project", "of"):
            del app.session_state[key]
        app.run()
        told.append([each.value for each in app.error])
        assert "Kitchen" not in text(app)
    assert told == [["There is no such project, or it is not shared with you. This is “My first detector”."]] * 2


def test_who_has_the_lab_to_themselves_sees_no_panel(open_page):
    assert "Share" not in labels(open_page("sounds"))


OF_NO_PROJECT = {"room", "admin", "your_data"}
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem not in OF_NO_PROJECT)
LOOKS = {
    "Another draw", "Leave", "Listen", "Look again", "Play a test alarm", "Run it live in the page",
    "Show what is saved", "Stop",
}  # fmt: skip
"""What changes nothing of the project; a viewer may press it."""


@pytest.mark.parametrize("name", PAGES)
def test_a_viewer_finds_no_control_that_changes_the_project(name, sign_in, bundled, open_page):
    sign_in.here = LOCAL
    seed.everything()
    seed.job(seed.ADD, "running", done=3, total=40, message="dog.wav")
    access.share(open_store(), LOCAL, seed.project().id, BEN.id, "viewer")
    sign_in.here = BEN
    app = open_page(name)
    app.selectbox(key="_project_pick").set_value(f"{seed.PROJECT} · This computer").run()
    assert not app.exception
    assert "you may look and listen" in text(app)
    assert {button.label for button in app.button if not button.disabled} <= LOOKS


def test_what_is_refused_all_the_same_is_one_sentence_and_changes_nothing(sign_in, open_page):
    sign_in.here = LOCAL
    seed.examples()
    access.share(open_store(), LOCAL, seed.project().id, BEN.id, "editor")
    sign_in.here = BEN
    app = open_page("sounds")
    app.selectbox(key="_project_pick").set_value(f"{seed.PROJECT} · This computer").run()
    access.share(open_store(), LOCAL, seed.project().id, BEN.id, "viewer")  # while the page is open
    before = open_store().labels(seed.project().id)
    app = press(app, "Delete")
    assert "look and listen" in app.error[0].value
    assert open_store().labels(seed.project().id) == before
