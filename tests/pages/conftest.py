"""Pages under AppTest, with no worker and no set-up tools of this machine."""

import gc
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from lab.workspace.people import Person
from pages.server import identity
from pages.ui import bundles, setup, usb, watching, webrtc
from tests.conftest import ROOT


@pytest.fixture(scope="module", autouse=True)
def small_heap():
    """Leave what earlier files brought out of the garbage collection that Streamlit asks for after each run."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def no_browser(monkeypatch):
    """Stand in for streamlit-webrtc, which needs a browser: a microphone that is off."""
    monkeypatch.setattr(webrtc, "microphone", lambda ear, key: SimpleNamespace(playing=False, signalling=False))


@pytest.fixture
def bundled(monkeypatch):
    """Stand in for esbuild."""
    parts = (usb._component, watching._component)
    for part in parts:
        part.cache_clear()
    monkeypatch.setattr(bundles, "component", lambda name: ("<div></div>", "", "export default () => {}"))
    yield
    for part in parts:
        part.cache_clear()


@pytest.fixture
def all_parts(monkeypatch):
    """Let every part of the set-up be there."""
    monkeypatch.setattr(setup, "_found", lambda: dict.fromkeys(setup.PARTS, True))


@pytest.fixture
def submitted(monkeypatch):
    """Record that a worker was asked for; none starts."""
    asked = []
    monkeypatch.setattr("pages.ui.work.ensure_worker", lambda config: asked.append(config.home))
    return asked


class SignsIn:
    """A way to know people that believes a test: `here` is who visits, or None for nobody yet."""

    name = "oidc"

    def __init__(self) -> None:
        self.here: Person | None = None

    def configured(self) -> bool:
        return True

    def identify(self, visit: identity.Visit) -> Person | None:
        return self.here

    def ask(self) -> None:
        identity.Oidc().ask()


@pytest.fixture
def sign_in(monkeypatch) -> SignsIn:
    """Let people sign in: set `.here` to say who visits next."""
    way = SignsIn()
    monkeypatch.setattr(identity, "WAYS", [way])
    return way


@pytest.fixture
def open_page(all_parts, submitted):
    """Return a function that opens a page through the app's entry, some of its expanders unfolded."""

    def opened(name: str, *unfolded: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
        app.session_state["_consented"] = True
        for key in unfolded:
            app.session_state[key] = True
        if name != "home":
            app.switch_page(f"pages/{name}.py").run()
        assert not app.exception, [each.value for each in app.exception]
        return app

    return opened


def text(app: AppTest) -> str:
    """Return all words of a page, HTML included."""
    kinds = (
        "title",
        "header",
        "subheader",
        "markdown",
        "caption",
        "error",
        "warning",
        "info",
        "success",
        "code",
        "html",
    )
    return "\n".join(str(getattr(each, "value", "") or each.proto) for kind in kinds for each in app.get(kind))


def press(app: AppTest, label: str) -> AppTest:
    """Press the button of that label and run the page again."""
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception, [each.value for each in app.exception]
    return app


def labels(app: AppTest) -> list[str]:
    """Return the labels of the buttons."""
    return [button.label for button in app.button]
