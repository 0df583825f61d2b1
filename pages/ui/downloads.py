"""A published data set by one click: what it is and its licence, what of it is wanted, and the room that it takes."""

import streamlit as st

from lab.errors import LabError
from lab.sound.published import CATALOGUE, Choice, Published
from lab.study import downloads, versions
from pages.ui import acting
from pages.ui.session import store
from pages.ui.words import count_of
from pages.ui.work import is_open, latest_job, submit

TASK = "lab.study.tasks:download_data"
GB = 10 * 2**30
"""From here on sizes are told in GB."""
ALL, SOME = "Everything", "My choice"


def panel(project_id: int) -> None:
    """Offer the data sets, drawn when unfolded. Nothing reaches the network before the button is pressed."""
    folded = st.expander(
        "Download a published data set", icon=":material/cloud_download:", key="downloads", on_change="rerun"
    )
    if not folded.open:
        return
    with folded:
        key = st.segmented_control(
            "Data set", list(CATALOGUE), default=next(iter(CATALOGUE)), format_func=lambda key: CATALOGUE[key].name,
            label_visibility="collapsed", key="data-set", required=True,
        )  # fmt: skip
        data = CATALOGUE[key]
        _describe(data)
        choice = _choose(data)
        if choice is not None:
            _offer(project_id, data, choice)
        if problem := st.session_state.pop("_archive_problem", None):
            st.error(problem)


def _describe(data: Published) -> None:
    st.markdown(f"{data.about} [Its authors’ page]({data.home})")
    forbids = versions.non_commercial(data.licence)
    (st.warning if forbids else st.info)(f"Licence: {data.licence}", icon=":material/gavel:")


def _choose(data: Published) -> Choice | None:
    """Draw what can be wanted of a data set; None where nothing is chosen yet."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ways = [ALL, *data.subsets, SOME]
        way = st.selectbox("Sounds", ways, index=1, width=220, key=f"way-{data.key}")
        most = st.number_input(
            "Of each, at most",
            0,
            data.clips,
            data.most,
            width=160,
            key=f"most-{data.key}",
            help="0 takes all there are.",
        )
    labels = data.subsets.get(way, ())
    if way == SOME:
        labels = tuple(st.multiselect("Kinds", data.labels, key=f"kinds-{data.key}", placeholder="Choose some"))
        if not labels:
            return None
    return Choice(labels, int(most))


def _offer(project_id: int, data: Published, choice: Choice) -> None:
    config = store().config
    here, whole = downloads.bytes_here(config, data), downloads.is_whole(config, data)
    needed, free = downloads.needed_bytes(config, data, choice), downloads.free_bytes(config)
    rest = max(0, data.size_bytes - here)
    fetching = "The archive is on this computer." if whole else f"{_mb(rest)} to download" + (
        f", {_mb(here)} are here." if here else "."
    )  # fmt: skip
    st.caption(f"About {count_of(choice.clips(data), 'sound')}. {fetching} Takes {_mb(needed)} of {_mb(free)} free.")
    full = needed + downloads.SPARE_BYTES > free
    if full:
        st.error("There is too little room on this disk: choose fewer sounds, or free some space.")
    busy = is_open(latest_job(project_id, TASK))
    says = "Add to this project" if whole else f"Go on: download {_mb(rest)}" if here else f"Download {_mb(rest)}"
    with st.container(horizontal=True):
        acting.button(
            says, type="primary", icon=":material/download:", disabled=full or busy, on_click=submit, key="download",
            args=(TASK, {"project_id": project_id, "data": data.key, "labels": list(choice.labels),
                         "most": choice.most}, project_id),
        )  # fmt: skip
        if here and not busy:
            acting.button(
                f"Delete the archive ({_mb(here)})", type="tertiary", icon=":material/delete:", on_click=_discard,
                args=(data,), help="What was added to projects stays.",
            )  # fmt: skip


def _discard(data: Published) -> None:
    try:
        downloads.discard(store().config, data)
    except LabError as error:
        st.session_state["_archive_problem"] = str(error)


def _mb(count: int) -> str:
    return f"{count / 2**20:,.0f} MB" if count < GB else f"{count / 2**30:,.1f} GB"
