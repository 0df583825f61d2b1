"""What this process logs: `key=value` lines, or with LAB_LOG=json one JSON object a line.

Each line tells time, level and logger, and of what it is about: job, person and project, where those are known.
"""

import contextlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any

from lab.errors import BadInput

ABOUT = ("job", "person", "project")
OURS = ("lab", "pages")
FORMS = ("", "text", "json")
_about: ContextVar[dict[str, Any] | None] = ContextVar("about", default=None)


@contextlib.contextmanager
def about(**facts: Any) -> Iterator[None]:
    """Let the lines of this block, in this thread, tell of a job, a person or a project."""
    token = _about.set((_about.get() or {}) | facts)
    try:
        yield
    finally:
        _about.reset(token)


def tell_of(**facts: Any) -> None:
    """Let all later lines of this thread tell of a job, a person or a project."""
    _about.set((_about.get() or {}) | facts)


def configure(stream: IO[str] | None = None, everything: bool = True) -> None:
    """Write this process's log to a stream, by default standard error. Again changes nothing.

    Args:
        stream: where to.
        everything: libraries' lines too; else only the lab's own, where another program has set up the rest.

    Raises:
        BadInput: LAB_LOG is neither "json" nor "text".
    """
    form = os.environ.get("LAB_LOG", "").strip().lower()
    if form not in FORMS:
        raise BadInput(f'LAB_LOG must be "json" or "text"; it is {form!r}.')
    for name in (None,) if everything else OURS:
        logger = logging.getLogger(name)
        if any(isinstance(handler.formatter, _Told) for handler in logger.handlers):
            continue
        handler = logging.StreamHandler(stream or sys.stderr)
        handler.setFormatter(_Json() if form == "json" else _Pairs())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = name is None


class _Told(logging.Formatter):
    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what every line tells, in its order."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        known = _about.get() or {}
        return {
            "time": at.replace("+00:00", "Z"), "level": record.levelname.lower(), "logger": record.name,
            **{key: known[key] for key in ABOUT if known.get(key) is not None},
        }  # fmt: skip

    def traceback(self, record: logging.LogRecord) -> str:
        """Return the traceback that goes with a line, or an empty text."""
        return self.formatException(record.exc_info) if record.exc_info else ""


class _Pairs(_Told):
    def format(self, record: logging.LogRecord) -> str:
        """Return `time=… level=… logger=…`, then the line as it was written."""
        pairs = " ".join(f"{key}={_word(value)}" for key, value in self.facts(record).items())
        line = " ".join(record.getMessage().splitlines())  # what people typed cannot begin a line
        return "\n".join(filter(None, (f"{pairs} {line}", self.traceback(record))))


class _Json(_Told):
    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON object on one line."""
        told = {**self.facts(record), "message": record.getMessage()}
        if trace := self.traceback(record):
            told["traceback"] = trace
        return json.dumps(told, ensure_ascii=False, default=str)


def _word(value: Any) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text else json.dumps(text)
