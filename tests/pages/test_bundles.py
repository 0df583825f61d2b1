import pytest

from lab.deploy import emulator
from lab.errors import LabError, Missing
from pages.ui import bundles


@pytest.fixture
def builds():
    try:
        emulator.node()
    except Missing as error:
        pytest.skip(str(error))
    if not (bundles.VIRTUAL_BOARD / "node_modules" / "esbuild").is_dir():
        pytest.skip("esbuild is not installed")


def test_a_component_is_one_module_that_imports_nothing(builds):
    html, css, js = bundles.component("monitor")
    assert 'class="monitor"' in html
    assert ".tiles" in css
    assert "as default" in js
    assert "\nimport " not in js
    assert "http" not in js.replace("http://localhost", "").replace("https", "")


def test_a_module_that_is_none_is_refused_in_one_sentence(builds, tmp_path):
    (tmp_path / "main.mjs").write_text("import './nowhere.mjs';")
    with pytest.raises(LabError, match=r"esbuild refused main\.mjs"):
        bundles._built(tmp_path / "main.mjs")


def test_without_esbuild_the_reason_is_one_sentence(builds, monkeypatch, tmp_path):
    monkeypatch.setattr(bundles, "VIRTUAL_BOARD", tmp_path)
    with pytest.raises(Missing, match="make setup"):
        bundles._built(tmp_path / "main.mjs")


def test_the_drawn_board_is_the_same_wherever_it_is_asked_for():
    for name in ("board", "live"):
        html, css = bundles.markup(name)
        assert '<svg class="pico"' in html
        assert ".pico .lamp" in css
    assert "svg" not in bundles.markup("monitor")[0]
