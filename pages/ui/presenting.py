"""What the leader of a workshop sees and does: the projector's page, everybody's step, pause, reset and end."""

from collections import Counter
from datetime import datetime
from html import escape
from typing import Any

import segno
import streamlit as st

from lab.study import guide
from lab.workspace import workshop
from lab.workspace.store import now, open_store
from lab.workspace.workshop import clearing
from lab.workspace.workshop.places import Place
from lab.workspace.workshop.state import Workshop
from pages.ui import acting, parts, words
from pages.ui.frame import empty

EVERY_S = 3.0
STUCK_S = 5 * 60.0
MOST_SHOWN = 60
CONFIRM = "RESET"


def way_in() -> None:
    """Draw code and QR for the projector, and how many are in."""
    room = _room()
    address = room.addresses[0] if room.addresses else ""
    join = f"{address}/join?code={room.code}"
    code = segno.make(join, error="m").png_data_uri(scale=12, border=2)  # st.html takes no SVG
    far = (each for each in room.addresses if each.startswith("http://") and "//localhost" not in each)
    plain = next(far, "")
    st.html(
        f'<section class="lab-projector"><img class="qr" alt="QR code of {escape(join)}" src="{code}">'
        f"<div><p>Open</p><strong>{escape(address)}/join</strong><p>and type</p>"
        f'<strong class="code">{escape(room.shown_code)}</strong>'
        + (f"<p>Does the browser warn? First open <b>{escape(plain.removeprefix('http://'))}</b></p>" if plain else "")
        + "</div></section>"
    )
    _count()
    st.toggle(
        "Joining is paused", room.paused, key="room-paused", on_change=acting.told(_pause),
        help="Nobody new gets in while it is on. Who is in goes on; return keys still work.",
    )  # fmt: skip


@parts.fragment(run_every=EVERY_S)
def _count() -> None:
    room = _room()
    count = len(workshop.places_of(open_store(), room))
    paused = " Joining is paused." if room.paused else ""
    st.markdown(f"**{count}** {'person is' if count == 1 else 'people are'} in.{paused}")


def _pause() -> None:
    workshop.change(open_store().config.home, paused=bool(st.session_state["room-paused"]))


@parts.fragment(run_every=EVERY_S)
def people() -> None:
    """Draw everybody's step, who is stuck and what failed, live and in an order that stays."""
    store, room = open_store(), _room()
    rows = workshop.places_of(store, room)
    if not rows:
        empty("Nobody is in yet", "Show “Way in” on the projector: the QR code, or the address and the code.")
        return
    ids = [each.person.id for each in rows]
    done = guide.progress(store, ids)
    _summary(rows, done)
    lines = "".join(_row(each, done[each.person.id]) for each in rows[:MOST_SHOWN])
    heads = "".join(
        f'<th class="step" title="{escape(step.title)}">{number}</th>' for number, step in enumerate(guide.STEPS, 1)
    )
    st.html(
        f'<table class="lab-room"><tr><th>who</th>{heads}<th>now</th><th>for</th></tr>{lines}</table>'
        '<p class="lab-fine">✓ done, ● here. Stuck: no step for '
        f"{STUCK_S / 60:.0f} minutes. Times run from the last step, or from joining.</p>"
    )
    _failed({each.person.id: each.person.name for each in rows})


def _summary(rows: Any, done: dict[str, guide.Done]) -> None:
    where = Counter(step.title if (step := guide.here(done[each.person.id])) else "All done" for each in rows)
    stuck = [each for each in rows if _is_stuck(each, done[each.person.id])]
    at = Counter(step.title for each in stuck if (step := guide.here(done[each.person.id])))
    most = f", most at “{at.most_common(1)[0][0]}”" if at else ""
    told = " · ".join(f"{count} {escape(title)}" for title, count in where.most_common())
    st.markdown(f"**{len(rows)} in, {where['All done']} done, {len(stuck)} stuck{most}.**  \n{told}")


def _is_stuck(place: Place, done: guide.Done) -> bool:
    return guide.here(done) is not None and _since(place, done) > STUCK_S


def _since(place: Place, done: guide.Done) -> float:
    steps = [at for key, at in done.items() if key in {step.key for step in guide.STEPS}]
    last: datetime = max([place.joined, *steps])
    return (now() - last).total_seconds()


def _row(place: Place, done: guide.Done) -> str:
    step = guide.here(done)
    cells = "".join(
        f'<td class="step">{"✓" if each.key in done else "●" if each is step else ""}</td>' for each in guide.STEPS
    )
    state = "done" if step is None else "stuck" if _is_stuck(place, done) else ""
    title = escape(step.title) if step else "All done"
    waited = "" if step is None else words.minutes(_since(place, done))
    name = f'<th scope="row">{escape(place.person.name)}</th>'
    return f'<tr class="{state}">{name}{cells}<td>{title}</td><td>{waited}</td></tr>'


def _failed(names: dict[str, str]) -> None:
    rows = guide.failures(open_store(), list(names))
    if not rows:
        return
    st.markdown("**What failed**, newest first")
    lines = "".join(
        f"<tr><td>{row['at']:%H:%M} UTC</td><td>{escape(names[row['person']])}</td><td>{escape(row['what'])}</td>"
        f"<td>{escape(str(row['why']))}</td></tr>"
        for row in rows
    )
    st.html(f'<table class="lab-wires"><tr><th>when</th><th>who</th><th>what</th><th>why</th></tr>{lines}</table>')


def end() -> None:
    """Draw how a workshop ends: everybody takes theirs home, then the end, then the reset."""
    st.markdown(
        "**Before the end:** everybody opens Guide and presses **Make my card**, then **Take everything home**."
    )
    room = _room()
    st.button(
        "End the workshop", icon=":material/door_front:", disabled=room.is_over, key="room-end",
        on_click=acting.told(_end),
        help="Its code and everybody’s spaces close. What people made stays until you reset.",
    )  # fmt: skip
    if room.is_over:
        st.info("The workshop is over: nobody is let in. Start `make workshop` again for a new code.",
                icon=":material/door_front:")  # fmt: skip
    st.subheader("Reset all spaces", anchor=False)
    count = len(workshop.places_of(open_store()))
    st.markdown(
        f"Erases **{words.count_of(count, 'space')}** for good: sounds, detectors, firmware, jobs, names. Your own "
        "projects stay. Nothing brings it back."
    )
    typed = st.text_input(f"Type {CONFIRM} to allow it", key="room-confirm", max_chars=10, width=240)
    st.button(
        "Erase all spaces", type="primary", icon=":material/delete_forever:", key="room-reset",
        on_click=acting.told(_reset), disabled=typed.strip() != CONFIRM or not count,
    )  # fmt: skip
    if told := st.session_state.pop("_room_told", None):
        st.success(told, icon=":material/check_circle:")


def _end() -> None:
    workshop.end(open_store().config.home)


def _reset() -> None:
    gone = clearing.reset(open_store())
    st.session_state["_room_told"] = (
        f"Erased {words.count_of(gone.people, 'space')}, {words.count_of(gone.projects, 'project')} and "
        f"{words.count_of(gone.files, 'file')}."
    )
    st.session_state["room-confirm"] = ""


def _room() -> Workshop:
    found = workshop.current(open_store().config.home)
    assert found is not None, "only its leader draws this page"
    return found
