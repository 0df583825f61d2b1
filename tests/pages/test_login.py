"""The gate: every page asks who is there first, even on a cold direct address."""

import ast

import pytest
from streamlit.testing.v1 import AppTest

from lab.workspace.store import open_store
from tests.conftest import ROOT
from tests.pages.conftest import text

PAGES = sorted((ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_first_call_of_a_page_is_require_login(path):
    body = [node for node in ast.parse(path.read_text()).body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    assert ast.unparse(body[1]) == "ui.require_login()"  # after the docstring


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_opened_by_its_address_shows_nothing_before_sign_in(path, sign_in, submitted):
    app = AppTest.from_file(str(path), default_timeout=60).run()
    assert [button.label for button in app.button] == ["Sign in"]
    assert "Project" not in text(app)
    assert not app.exception


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_opened_by_its_address_works_where_nobody_signs_in(path, all_parts, submitted):
    app = AppTest.from_file(str(path), default_timeout=60).run()
    assert not app.exception
    assert app.title[0].value


def test_projects_of_another_person_are_not_shown(open_page):
    open_store().project("Theirs", owner="somebody@example.org")
    open_store().project("Mine")
    app = open_page("sounds")
    assert app.selectbox(key="_project_pick").options == ["Mine"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_are_thin(path):
    source = path.read_text()
    tree = ast.parse(source)
    assert len(source.splitlines()) <= 120
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.While, ast.FunctionDef))]
    assert not any(word in source for word in ("numpy", "tensorflow", "thread"))
