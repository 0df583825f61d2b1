"""Room: the leader's page of a workshop: the way in, where everybody is, who is stuck, and the end."""

import streamlit as st

from pages import ui
from pages.server import places
from pages.ui import acting, presenting, rehearsing

ui.require_login()
if not places.leads():
    st.title("Room", anchor=False)
    ui.empty(
        "For the leader of a workshop",
        "<code>make workshop</code> starts one and prints the leader’s address. Open that address in this browser.",
    )
    st.stop()

st.title("Room", anchor=False)
acting.tell_problem()
PROJECTOR, PEOPLE, REHEARSAL, END = "Way in", "Who is where", "Rehearsal", "End"
part = st.segmented_control(
    "Part", [PROJECTOR, PEOPLE, REHEARSAL, END], default=PROJECTOR, key="room-part", label_visibility="collapsed"
)
with ui.shows_errors():
    if part == REHEARSAL:
        rehearsing.draw()
    elif part == END:
        presenting.end()
    elif part == PEOPLE:
        presenting.people()
    else:
        presenting.way_in()
