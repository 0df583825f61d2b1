"""Doors of a WebSocket: pages by their address, whatever a browser can send, and sessions of others."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import quote, unquote

from streamlit.proto.WidgetStates_pb2 import WidgetState

from scripts.isolation.caller import Caller
from scripts.isolation.report import SENT, Report, told
from scripts.isolation.things import CELLAR, PROJECT, SHARED, Things
from scripts.visitor import Trouble

KEPT = ("_listen_kept", "_watch_kept", "_record_kept", "_saved_detector", "_added")
STATES = (
    "project", "of", "_role", "_met", "_joined", "_entered", "_project_pick", "_consented", "_erase", "room-paused",
    "room-confirm", "audit-person", "try-detector", "cancel", *KEPT,
)  # fmt: skip
INTERNAL, EVENTS = "$$STREAMLIT_INTERNAL_KEY_", "__events"
LEAVES = ("-sign-out", "-unshare-")
"""In ids of buttons that end the crawler's own visit, or give up a role that it needs."""


def queries(things: Things) -> Iterator[str]:
    """Yield what an address may ask for: their projects by name and number, and everything else by its number."""
    of = quote(things.owner)
    yield f"project={quote(PROJECT)}&of={of}"
    numbers = [("project", things.cellar), ("of", of), ("id", things.project), ("name", quote(CELLAR))]
    numbers += [("job", each) for each in things.jobs] + [("clip", each) for each in things.clips]
    numbers += [("run", each) for each in things.runs] + [("edit", each) for each in things.edits]
    numbers += [("file", each) for each in things.files] + [("detector", each) for each in things.files]
    yield "&".join(f"{name}={value}" for name, value in numbers)


async def pages(caller: Caller, names: tuple[str, ...], things: Things, report: Report) -> None:
    """Open each page by addresses that name their things."""
    for page in names:
        for query in queries(things):
            said = await caller.look(page, query)
            report.tried("page", f"{page}?{query}", told(said, things, unquote(query)))


async def pressed(caller: Caller, page: str, owner: Caller, things: Things, report: Report) -> None:
    """Press everything that the owner's page has, on one's own: buttons, choices, parts of it, components."""
    states = [state(each, kind, things) for each, kind in sorted(owner.names.widgets.items())]
    usable = [each for each in states if not any(word in each.id for word in LEAVES)]
    usable += [_event(each, things) for each, kind in owner.names.widgets.items() if kind == "bidi_component"]
    await caller.look(page)
    said = await caller.send(*usable)
    report.tried("press", page, told(said, things), len(usable))
    for fragment in sorted(owner.names.fragments):
        said = await caller.send(fragment=fragment)
        report.tried("fragment", f"{page} {fragment}", told(said, things))
    for each in (each for each in usable if "-cancel-" in each.id):
        stem = each.id.rpartition("-")[0]
        said = await caller.send(*(WidgetState(id=f"{stem}-{job}", trigger_value=True) for job in things.jobs))
        report.tried("cancel", f"{page} {each.id}", told(said, things), len(things.jobs))


def state(widget: str, kind: str, things: Things) -> WidgetState:
    """Return what a browser would send of a widget that was pressed, or in which something of theirs was chosen."""
    made = WidgetState(id=widget)
    if kind in ("button", "download_button"):
        made.trigger_value = True
    elif kind in ("checkbox", ""):
        made.bool_value = True
    elif kind == "number_input":
        made.double_value = things.project
    elif kind == "slider":
        made.double_array_value.data.append(0.0)
    elif kind in ("selectbox", "text_input", "text_area"):
        made.string_value = SENT
    elif kind in ("multiselect", "button_group"):
        made.string_array_value.data.append(PROJECT)
    elif kind == "bidi_component":
        made.json_value = json.dumps(_named(things))
    elif kind in ("dataframe", "plotly_chart", "vega_lite_chart"):
        made.string_value = json.dumps(_selection(things))
    else:
        made.json_value = json.dumps(_named(things))
    return made


def _named(things: Things) -> dict[str, object]:
    """Return a component's state that names their things wherever ours name something."""
    return {
        "wrong": [{"at": 9e15, "began_s": 5.0, "ended_s": 0.0, "clip_id": each} for each in things.clips],
        "said": {"at": 9e15, "state": "done", "name": things.files[0], "bytes": 1, "seconds": 1}, "played": True,
        "found": [{"what": things.files[0], "ok": True}], "project_id": things.project, "job_id": things.jobs[0],
        "clip_id": things.clips[0], "sha256": things.files[0], "of": things.owner,
    }  # fmt: skip


def _event(base: str, things: Things) -> WidgetState:
    events = [{"event": name, "value": value} for name, value in _named(things).items()]
    return WidgetState(id=f"{INTERNAL}{base}{EVENTS}", json_trigger_value=json.dumps(events))


def _selection(things: Things) -> dict[str, object]:
    points = [{"customdata": [each], "point_index": 0, "curve_number": 0, "x": 0, "y": 0} for each in things.clips]
    rows = [-1, -2, 7, 10**9]
    return {
        "selection": {"points": points, "point_indices": [0], "box": [], "lasso": [], "rows": rows, "columns": [],
                      "cells": []}
    }  # fmt: skip


async def own_components(caller: Caller, things: Things, report: Report) -> None:
    """Let one's own components, table and map name another's things."""
    for page in ("board", "firmware", "listen", "sounds"):
        await caller.look(page, f"project={quote('Own room')}", "-map")
        for widget, kind in sorted(caller.names.widgets.items()):
            if kind in ("bidi_component", "plotly_chart", "dataframe"):
                more = [_event(widget, things)] if kind == "bidi_component" else []
                said = await caller.send(state(widget, kind, things), *more)
                report.tried("component", f"{page} {widget}", told(said, things))


async def as_viewer(caller: Caller, names: tuple[str, ...], things: Things, report: Report) -> None:
    """Press everything in a project that one may only look at; the owner's state tells whether it did anything."""
    for page in names:
        said = await caller.look(page, f"project={quote(SHARED)}&of={quote(things.owner)}")
        report.tried("viewer", page, told(said, things))
        ids = {each: kind for each, kind in caller.names.widgets.items() if not any(word in each for word in LEAVES)}
        said = await caller.send(*(state(each, kind, things) for each, kind in sorted(ids.items())))
        report.tried("viewer", page, told(said, things), len(ids))


async def session_state(caller: Caller, things: Things, report: Report) -> None:
    """Send states under the names that pages keep things by."""
    for value in (PROJECT, json.dumps([things.project, "x", things.clips[0]]), "owner"):
        await caller.look("sounds")
        said = await caller.send(*(WidgetState(id=name, string_value=value) for name in STATES),
                                 WidgetState(id="of", string_value=things.owner))  # fmt: skip
        report.tried("session state", value, told(said, things, value), len(STATES))


async def deferred(caller: Caller, owner: Caller, report: Report) -> None:
    """Press the downloads of the owner's page, as one's own and in the name of the owner's session."""
    mine = caller.session
    for button in sorted(owner.names.deferred):
        for session in (mine, owner.session):
            caller.session, address = session, ""
            with suppress(Trouble):
                address = await caller.made(button)
            report.tried("download", button, address)
    caller.session = mine


async def others_upload(caller: Caller, holder: Caller, things: Things, report: Report) -> None:
    """Say that one's own uploader holds what the owner has uploaded, and add it."""
    await caller.look("sounds", f"project={quote('Own room')}")
    widget = caller.find("file_uploader", "Sound files")
    for theirs in [each for each in holder.states.values() if each.file_uploader_state_value.uploaded_file_info]:
        caller.states[widget.id] = WidgetState(id=widget.id, file_uploader_state_value=theirs.file_uploader_state_value)
        await caller.send()
        said = b""
        with suppress(Trouble):
            caller.forget()
            await caller.press("Add")
            said = caller.everything()
        report.tried("upload", "into one's own page", b"Added 1 sound" in said or told(said, things))


async def resumed(
    come: Callable[[], Caller], sessions: list[str], owner: Caller, things: Things, report: Report
) -> None:
    """Go on with sessions of the owner: one that is open, and those that were left."""
    for session in sessions:
        for token in ("", owner.token):
            caller = come()
            caller.token = token or caller.token
            await caller.connect(session)
            said = await caller.send() + await caller.send()
            report.tried("resume", session, told(said, things) or (caller.session == session and "it went on"))
            await caller.close()
