"""A line of the log tells what it is about, for people or for programs."""

import io
import json
import logging

import pytest

from lab.errors import BadInput
from lab.workspace import logs


@pytest.fixture
def written(monkeypatch):
    """Yield a function that logs something in a form and returns what was written."""
    stream = io.StringIO()
    logger = logging.getLogger("lab")
    kept = logger.handlers[:], logger.level, logger.propagate

    def write(form, log):
        monkeypatch.setenv("LAB_LOG", form)
        logger.handlers.clear()
        logs.configure(stream, everything=False)
        log(logging.getLogger("lab.workspace.worker"))
        return stream.getvalue()

    yield write
    logger.handlers[:], logger.level, logger.propagate = kept


def speak(log):
    with logs.about(job=7, person="ada@example.org", project=None):
        log.info("task=%s attempt=%s", "demo", 1)


def fail(log):
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("closing=%s", "Client")


def test_json_is_one_object_a_line_with_what_it_is_about(written):
    told = json.loads(written("json", speak))
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "info", "logger": "lab.workspace.worker", "job": 7, "person": "ada@example.org",
        "message": "task=demo attempt=1",
    }  # fmt: skip


def test_a_traceback_stays_on_its_line_in_json(written):
    (line,) = written("json", fail).splitlines()
    assert "ValueError: two\nlines" in json.loads(line)["traceback"]


def test_text_is_pairs_by_default(written):
    line = written("", speak)
    assert (
        line.partition(" ")[2]
        == "level=info logger=lab.workspace.worker job=7 person=ada@example.org task=demo attempt=1\n"
    )


def test_what_people_typed_cannot_forge_a_line(written):
    def forge(log):
        with logs.about(person="eve\nlevel=error x=y"):
            log.info("name=%s", "a\nlevel=error logger=lab")

    (line,) = written("text", forge).splitlines()
    assert '"eve\\nlevel=error x=y" name=a level=error' in line


def test_a_form_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv("LAB_LOG", "xml")
    with pytest.raises(BadInput, match='LAB_LOG must be "json" or "text"'):
        logs.configure()
