"""A part of a page that is drawn anew on its own shows what a person can act on as a sentence."""

import re

from streamlit.testing.v1 import AppTest

from lab.errors import Away
from pages.ui import work
from tests.conftest import ROOT
from tests.pages.conftest import press


def away(*_args, **_more):
    raise Away("The database does not answer.")


def page_of_parts():
    import streamlit as st

    from lab.errors import BadInput
    from pages.ui import parts

    @parts.fragment(run_every=60.0)
    def told():
        raise BadInput("Two labels are needed.")

    @parts.fragment
    def broken():
        raise ZeroDivisionError

    told()
    st.write("The rest is drawn.")
    broken()


def test_what_a_person_can_act_on_is_a_sentence_and_a_defect_is_one():
    app = AppTest.from_function(page_of_parts).run()
    assert [each.value for each in app.error] == ["Two labels are needed."]
    assert [each.value for each in app.markdown] == ["The rest is drawn."]
    assert len(app.exception) == 1  # the defect


def test_a_database_that_goes_away_under_an_open_job_is_a_sentence_beside_the_page(open_page, monkeypatch):
    app = press(open_page("train"), "Train the baseline")
    monkeypatch.setattr(work.jobs, "job", away)
    app.run()
    assert not app.exception
    assert "The database does not answer." in [each.value for each in app.error]


def test_a_press_in_a_part_that_cannot_be_done_is_told(open_page, monkeypatch):
    app = press(open_page("train"), "Train the baseline")
    monkeypatch.setattr(work.jobs, "cancel", away)
    press(app.run(), "Cancel")
    told = [each.value for each in (*app.error, *app.toast)]
    assert not app.exception
    assert told == ["The database does not answer."]


def test_every_part_is_made_so():
    made = {path.name for path in (ROOT / "pages").rglob("*.py")
            if re.search(r"\bst\.(fragment|dialog)\b", path.read_text("utf-8"))}  # fmt: skip
    assert made == {"parts.py"}
