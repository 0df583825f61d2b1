"""Detectors to choose from, and the card that says what one is."""

from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from lab.deploy.detector import Detector
from lab.deploy.events import HOP_SECONDS, EventRule
from lab.deploy.prepared import prepared_detector
from lab.errors import LabError
from lab.sound.augment import Augmentation
from lab.study.versions import non_commercial
from lab.workspace.store import Run
from pages.ui import words
from pages.ui.frame import SAFETY
from pages.ui.session import store

STAGES = {"baseline": "baseline", "finetune": "fine-tuning"}
SUFFIX = ".detector"
SHA256_LEN = 64
PREPARED = "Prepared fire alarm detector"
KINDS = {"demo": "from the demo", "finetune": "trained", "detector": "saved", "teach": "taught"}
"""Kinds of runs that made a detector, and how."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A detector that a person can pick.

    Attributes:
        title: what the list shows.
        sha256: of its artifact; "" for the prepared one until it is used.
    """

    title: str
    sha256: str


@st.cache_data(show_spinner=False)
def prepared_bytes() -> bytes | None:
    """Return the .detector file that ships with the project, or None."""
    try:
        return prepared_detector().to_bytes()
    except LabError:
        return None


def prepared() -> Detector | None:
    """Return the detector that ships with the project, or None."""
    data = prepared_bytes()
    return Detector.from_bytes(data) if data else None


def find(project_id: int) -> list[Choice]:
    """Return a project's detectors, newest first, and the prepared one last."""
    made = [_choice(run) for run in store().runs(project_id) if run.kind in KINDS and _sha(run)]
    unique = {choice.sha256: choice for choice in reversed(made)}
    kept = sorted(unique.values(), key=made.index)
    return [*kept, Choice(PREPARED, "")] if prepared_bytes() else kept


def _sha(run: Run) -> str:
    return next((sha for name, sha in run.artifacts.items() if name.endswith(SUFFIX)), "")


def _choice(run: Run) -> Choice:
    return Choice(f"{run.name} · {KINDS[run.kind]} {run.created:%d %b %H:%M} UTC", _sha(run))


def load(choice: Choice) -> Detector:
    """Return a chosen detector.

    Raises:
        LabError: it is no longer in the store, or damaged.
    """
    return Detector.from_bytes(store().read_artifact(artifact(choice)))


def artifact(choice: Choice) -> str:
    """Return the hash under which the store keeps a choice, putting the prepared one there first."""
    if choice.sha256:
        return choice.sha256
    return store().put_artifact("detector", f"prepared{SUFFIX}", prepared_bytes() or b"").sha256


def card(detector: Detector, title: str | None = None) -> None:
    """Draw what a detector hears, how it decides, and how well it was measured to do so."""
    labels = "".join(
        f'<span class="lab-chip{" on" if label in detector.positive else ""}">{escape(label)}</span>'
        for label in detector.labels
    )
    facts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(detector))
    st.html(
        f'<section class="lab-card"><header><h3>{escape(title or detector.name)}</h3>{labels}</header>'
        f'<dl>{facts}</dl><p class="lab-fine">{escape(_measured(detector))}</p>'
        f'<p class="lab-fine">{SAFETY}</p></section>'
    )


def _facts(detector: Detector) -> list[tuple[str, str]]:
    rows, bands = detector.spec.shape
    return [
        ("Model", f"{words.size(len(detector.model))} int8"),
        ("Input", f"{rows} × {bands} “{escape(detector.spec.name)}”"),
        ("Threshold", f"{detector.threshold:.2f}"),
        rule_fact(detector.rule),
        *_scores(detector.scores),
        *data_fact(detector.dataset),
    ]


def data_fact(dataset: str) -> list[tuple[str, str]]:
    """Return the version of the data that a detector saw, shortened; several where it learned more than once."""
    parts = (part.rpartition(":") for part in dataset.split("+"))
    short = (f"{kind}{mark} {sha[:8] if len(sha) == SHA256_LEN else sha}".lstrip() for kind, mark, sha in parts)
    return [("Data version", escape(" + ".join(short)))] if dataset else []


def rule_fact(rule: EventRule) -> tuple[str, str]:
    """Return an event rule as a name and a value."""
    on_s, window_s = f"{rule.on_hops * HOP_SECONDS:.1f}", f"{rule.window_hops * HOP_SECONDS:.1f} s"
    if rule.kind == "t3":
        return "Event", "T3 rhythm"
    if rule.kind == "any":
        return "Event", f"T3 rhythm, or sure for {window_s}"
    name = f"Event, over {window_s}"
    return (name, f"{on_s} s’ worth on average") if rule.kind == "mean" else (name, f"{on_s} s at the threshold")


def _scores(scores: dict[str, object]) -> list[tuple[str, str]]:
    windows, events = scores.get("windows"), scores.get("events")
    found = []
    if isinstance(windows, dict) and windows.get("accuracy") is not None:
        found.append(("Windows right", words.percent(windows["accuracy"])))
    if isinstance(events, dict) and events.get("recall") is not None:
        found.append(("Alarms heard", words.percent(events["recall"], 0)))
    if isinstance(events, dict) and events.get("false_alarms_per_hour") is not None:
        found.append(("False alarms", f"{words.number(events['false_alarms_per_hour'])} an hour"))
    return found


def _measured(detector: Detector) -> str:
    how = detector.scores.get("how") or detector.scores.get("measured")
    learned = "; ".join(detector.licences) or "data without a stated licence"
    copied = _copied(detector.augmentation)
    forbidding = [licence for licence in detector.licences if non_commercial(licence)]
    warned = f" Not for commercial use: {'; '.join(forbidding)}." if forbidding else ""
    said = f"Learned from: {learned}.{warned}{copied}"
    return f"{how}. {said}" if how else said


def _copied(stages: dict[str, Any]) -> str:
    """Return how copies of what trained were made, in words; nothing where there were none or they cannot be read."""
    try:
        said = [f"{STAGES.get(stage, stage)}: {Augmentation.from_json(how).says()}" for stage, how in stages.items()]
    except LabError:
        return ""
    return f" Copies, {'; '.join(said)}." if said else ""
