"""What a person takes home: a card of what their detector can and cannot hear, and everything of theirs in one zip.

The card is measured when it is asked for: five alarms, loud and quiet, and one sound of each kind that no training
hears, through the same twin that listens on the page. It is little, and the card says so; the Alarm bench does more.
"""

import io
import re
import zipfile
from html import escape
from typing import Any

from lab.deploy.detector import Detector
from lab.deploy.halves import in_halves
from lab.deploy.twin import Twin
from lab.progress import OnProgress, ignore
from lab.sound import synth
from lab.workspace.context import JobContext
from lab.workspace.store import Store

ALARMS = {
    "t3": "T3 smoke alarm, 3,150 Hz", "t3_520": "T3 alarm, 520 Hz", "continuous": "continuous alarm",
    "sweep": "sweeping alarm", "t4": "T4: carbon monoxide, no fire alarm",
}  # fmt: skip
LOUD_DB, QUIET_DB = -20.0, -40.0
ALARM_S, OTHER_S, SEED = 20.0, 20.0, 4_711
SAFETY = "A learning tool, not a certified alarm. Never your only warning."
MOST_CLIPS = 500
_EPOCH = (1980, 1, 1, 0, 0, 0)
Args = dict[str, Any]


def measure(detector: Detector, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Return what a detector hears and what it mistakes.

    Returns:
        `alarms`: rows of {name, wanted, loud_s, quiet_s}: seconds until the event, None where there was none; and
        `others`: rows of {name, heard}: whether a sound that is no alarm became an event.
    """
    twin = Twin(detector, in_halves(detector.model))
    others = [
        family for family in synth.FAMILIES.values() if family.label == synth.NOT_ALARM and family.split == "test"
    ]
    total = len(ALARMS) + len(others)
    alarms = []
    for place, (kind, name) in enumerate(ALARMS.items()):
        on_progress(place, total, name)
        heard = [_after_s(twin, synth.test_alarm(kind, ALARM_S, level_db)) for level_db in (LOUD_DB, QUIET_DB)]
        alarms.append({"name": name, "wanted": kind != "t4", "loud_s": heard[0], "quiet_s": heard[1]})
    rows = []
    for place, family in enumerate(others, len(ALARMS)):
        on_progress(place, total, family.kind)
        sound = synth.render(family.name, SEED, OTHER_S).samples
        rows.append({"name": family.kind, "heard": _after_s(twin, sound) is not None})
    return {"alarms": alarms, "others": _by_kind(rows)}


def _after_s(twin: Twin, samples: Any) -> float | None:
    events = twin.hear(samples).events
    return round(events[0].start_s, 1) if events else None


def _by_kind(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row a kind: heard where any sound of it was."""
    found: dict[str, bool] = {}
    for row in rows:
        found[row["name"]] = found.get(row["name"], False) or row["heard"]
    return [{"name": name, "heard": heard} for name, heard in sorted(found.items())]


def take_home(args: Args, context: JobContext) -> dict[str, Any]:
    """Measure a person's detector; pack card, detector, firmware and clips.

    Args:
        args: project_id; `detector` and, if there is one, `uf2`, hashes of files; `name` of the person; `lesson`, what
            "Teach it" said of the detector.
        context: of the job.

    Returns:
        The card, and `artifacts` with the one zip.
    """
    store, project_id = context.store, int(args["project_id"])
    detector = Detector.from_bytes(store.read_artifact(str(args["detector"])))
    told = measure(detector, context.progress)
    clips = [clip for clip in store.clips(project_id) if clip.source and not clip.source.startswith("synthetic")]
    card = {
        "name": detector.name, "of": str(args.get("name") or ""), **told, "lesson": args.get("lesson") or {},
        "clips": len(clips), "uf2": bool(args.get("uf2")),
    }  # fmt: skip
    files = {"card.html": card_html(card).encode(), f"{_plain(detector.name)}.detector": detector.to_bytes()}
    if args.get("uf2"):
        files[f"{_plain(detector.name)}.uf2"] = store.read_artifact(str(args["uf2"]))
    files |= _sounds(store, clips[-MOST_CLIPS:])
    name = f"{_plain(detector.name)}.zip"
    made = store.put_artifact("zip", name, _zipped(files)).sha256
    return {**card, "detector": args["detector"], "artifacts": {name: made}}


def _sounds(store: Store, clips: Any) -> dict[str, bytes]:
    return {
        f"sounds/{_plain(clip.label or 'no label')}/{clip.id:05d} {_plain(clip.name.removesuffix('.wav'))}.wav":
            store.read_artifact(clip.sha256)
        for clip in clips
    }  # fmt: skip


def _plain(name: str) -> str:
    """Return a name that is one file's on every system."""
    return re.sub(r"[^\w .,()-]+", "_", name).strip(" .")[:80] or "detector"


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(_entry(name), data)
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """Return an entry whose date tells nothing; sounds are stored as they are."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_STORED if name.endswith(".wav") else zipfile.ZIP_DEFLATED
    return info


def hears(card: dict[str, Any]) -> str:
    """Return one sentence: which alarms it hears."""
    good = [row["name"] for row in card["alarms"] if row["wanted"] and row["loud_s"] is not None]
    missed = [row["name"] for row in card["alarms"] if row["wanted"] and row["loud_s"] is None]
    said = f"It hears: {'; '.join(good)}." if good else "It heard none of the alarms."
    return said + (f" It misses: {'; '.join(missed)}." if missed else "")


def mistakes(card: dict[str, Any]) -> str:
    """Return one sentence: what it takes for an alarm."""
    wrong = [row["name"] for row in [*card["alarms"], *card["others"]] if _is_wrong(row)]
    count = len(card["others"])
    if not wrong:
        return f"It took none of {count} other kinds of sound for an alarm."
    return f"It takes for an alarm: {'; '.join(wrong)} (of {count} other kinds of sound)."


def _is_wrong(row: dict[str, Any]) -> bool:
    return bool(row.get("heard")) or (row.get("wanted") is False and row.get("loud_s") is not None)


def card_html(card: dict[str, Any]) -> str:
    """Return the card as a page of its own: to open, to print."""
    alarms = "".join(
        f"<tr><td>{escape(row['name'])}</td><td>{_seconds(row['loud_s'])}</td><td>{_seconds(row['quiet_s'])}</td></tr>"
        for row in card["alarms"]
    )
    lesson = "".join(
        f"<tr><td>{escape(name)}</td><td>{row['windows']}</td><td>{_share(row['before'])}</td><td>{_share(row['after'])}</td></tr>"
        for name, row in card["lesson"].items()
        if row["windows"]
    )
    taught = (
        f"<h2>What the lesson changed</h2><table><tr><th>sounds</th><th>windows</th><th>right before</th>"
        f"<th>right after</th></tr>{lesson}</table>"
        if lesson
        else ""
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(card['name'])}</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40rem;"
        "margin:2rem auto;padding:0 1rem}td,th{text-align:left;padding:.25rem .8rem .25rem 0;"
        "border-bottom:1px solid #ccc}small{opacity:.75}</style>"
        f"<h1>{escape(card['name'])}</h1><p>{escape(card['of'])}</p><p><b>{escape(hears(card))}</b></p>"
        f"<p><b>{escape(mistakes(card))}</b></p>"
        f"<table><tr><th>alarm</th><th>at {LOUD_DB:.0f} dBFS</th><th>at {QUIET_DB:.0f} dBFS</th></tr>{alarms}</table>"
        f"{taught}<p><small>One sound of each kind, made by a program, through the twin of the board. {SAFETY}"
        "</small></p></html>"
    )


def _seconds(value: float | None) -> str:
    return "not heard" if value is None else f"after {value:.1f} s"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
