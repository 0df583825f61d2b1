"""The parts of the Alarm bench: heat-maps of detection, false alarms, and the choice of a rule."""

from collections import Counter
from typing import Any

import streamlit as st

from lab.deploy.detector import Detector
from lab.errors import LabError
from lab.study.alarm import drawn
from lab.study.alarm.choosing import ANY_ALARM, T3_ONLY, best, with_choice
from pages.ui import acting, charts, words
from pages.ui.frame import empty
from pages.ui.session import store
from pages.ui.work import is_open, job_panel, latest_job, submit

HEARS, QUIET, TUNE = (f"lab.study.alarm.tasks:{name}" for name in ("hears", "stays_quiet", "tune"))
RULES = "rules"
SLICES = {
    "level": "T3: pitch and level", "noise": "T3: pitch and noise", "room": "T3: pitch and room",
    "low_level": "520 Hz: pitch and level", "low_noise": "520 Hz: pitch and noise", "pattern": "Rhythm and noise",
    RULES: "Rhythm and rule",
}  # fmt: skip
QUICK = ["level", "low_level", RULES]
COMPARED = (
    "Beside it “article's network” is the article’s features and network with a rule, and “article as shipped” the "
    "same as its board decides: any hop at or over one half."
)
KINDS = {"Any fire alarm": ANY_ALARM, "T3 only": T3_ONLY}


def slices(project_id: int, sha256: str) -> None:
    """Draw detection over pitch, level, noise and room, beside the article's."""
    st.caption(
        "Staged alarms of sounders and rooms kept from training. Teal is heard within 8 s, red is missed. "
        f"A T4, the carbon-monoxide rhythm, should stay red. {COMPARED}"
    )
    names = st.multiselect("Pictures", list(SLICES), default=QUICK, format_func=SLICES.get, key="bench-slices")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        trials = st.number_input("Alarms in each cell", 1, 10, 1, key="bench-trials", width=160)
        pressed = _button("Measure", HEARS, project_id)
    if pressed and not names:
        st.error("Choose at least one picture.")
    elif pressed:
        submit(HEARS, {"detector": sha256, "slices": names, "trials": int(trials)}, project_id)
        st.rerun()
    job_panel(project_id, HEARS)
    result = _result(project_id, HEARS, sha256)
    if not result:
        empty("Nothing measured yet", "Three pictures take about a minute.")
        return
    for each in result["slices"]:
        st.markdown(f"**{each['title']}**")
        for column, picture in zip(st.columns(len(each["pictures"])), each["pictures"], strict=True):
            with column:
                st.caption(picture["contender"] if each["name"] == RULES else _told(picture))
                figure = drawn.heat_map(picture, each["x"], each["y"])
                charts.show(figure, f"slice-{each['name']}-{picture['contender']}", 260)


def _told(picture: dict[str, Any]) -> str:
    cells = [share for row in picture["found"] for share in row]
    delay = picture["delay_s"]
    after = f", after {delay['median']:.1f} s (worst {delay['worst']:.1f} s)" if delay else ""
    return f"{picture['contender']}: {words.percent(sum(cells) / len(cells), 1)} heard{after}"


def false_alarms(project_id: int, sha256: str) -> None:
    """Count false alarms over synthetic hours and the project's own sounds."""
    st.caption(
        "Hours of whistles, bells, music, speech and beeps, of kinds kept from training, one after another; "
        "and the sounds of this project that are no alarm."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        hours = st.select_slider("Hours of made-up sounds", [0.25, 0.5, 1, 2, 5, 15], 1, key="bench-hours", width=260)
        own = st.checkbox("This project’s sounds too", True, key="bench-own")
        pressed = _button("Listen", QUIET, project_id)
    if pressed:
        args = {"detector": sha256, "hours": hours, "project_id": project_id if own else None}
        submit(QUIET, args, project_id)
        st.rerun()
    job_panel(project_id, QUIET)
    result = _result(project_id, QUIET, sha256)
    if not result:
        empty("Nothing listened to yet", "An hour of sound takes about half a minute.")
        return
    rows = [
        {
            "Detector": total["contender"], "Sounds": source["source"], "False alarms": total["false_alarms"],
            "An hour": total["per_hour"],
            "95 % bound, an hour": total["upper_bound_95"], "Hours": total["hours"],
            "Most by": ", ".join(_causes(counted["at"])) or "–",
        }
        for source, totals in zip(result["sources"], result["totals"], strict=True)
        for total, counted in zip(totals, source["contenders"], strict=True)
    ]  # fmt: skip
    rate = st.column_config.NumberColumn(format="%.1f")
    st.dataframe(
        rows, hide_index=True, key="bench-quiet", height="content",
        column_config={"An hour": rate, "95 % bound, an hour": rate,
                       "Hours": st.column_config.NumberColumn(format="%.2f")},
    )  # fmt: skip
    st.caption(f"{COMPARED} If false alarms come by chance, the true rate lies below the bound with 95 % certainty.")


def _causes(at: list[dict[str, Any]]) -> list[str]:
    """Return the three that were mistaken most, and how often: families that say so, or files, once for each time."""
    times = Counter[str]()
    for row in at:
        times[str(row["family"]).replace("_", " ") if "family" in row else str(row["file"])] += int(row.get("times", 1))
    return [f"{name} ({count})" for name, count in times.most_common(3)]


def tuner(project_id: int, sha256: str) -> None:
    """Draw false alarms against misses, choose, and make a detector of the choice."""
    st.caption("Every threshold with every rule, on the same sounds. The board follows the rule that you choose here.")
    if name := st.session_state.pop("_bench_saved", None):
        st.success(f"Saved as “{name}”: it is in the list of detectors, here and on Firmware.")
    if _button("Try every rule", TUNE, project_id):
        submit(TUNE, {"detector": sha256}, project_id)
        st.rerun()
    job_panel(project_id, TUNE)
    result = _result(project_id, TUNE, sha256)
    if not result:
        empty("No rules tried yet", "All of them on the same two hours take about a minute.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tried = {row["rule"]["kind"] for row in result["choices"]}  # features may be unable to tell a rhythm
        names = [name for name, kinds in KINDS.items() if tried & set(kinds)]
        wanted = st.radio("Listens for", names, horizontal=True, key="bench-kind", width="content")
        limit = st.select_slider(
            "False alarms an hour, at most", [0.5, 1, 2, 5, 10, 20, 50], 5, key="bench-limit", width=280,
            help="Among nothing but sounds that are easily mistaken; a room has far fewer.",
        )  # fmt: skip
    choice = best(result["choices"], float(limit), KINDS[wanted])
    charts.show(drawn.trade(result["choices"], choice), "bench-trade", 380)
    missed = words.percent(choice["missed"], 1)
    delay = f", heard after {choice['delay_s']:.1f} s" if choice["delay_s"] else ""
    rate = f"{choice['per_hour']:.1f} false alarms an hour"
    st.markdown(
        f"**{drawn.told(choice)}**: {missed} of {result['alarms']} alarms missed, "
        f"{rate} over {result['hours']:.1f} h{delay}."
    )
    acting.button(
        "Make a detector with this rule", type="primary", icon=":material/save:", on_click=_save,
        args=(project_id, sha256, choice),
    )  # fmt: skip


def _save(project_id: int, sha256: str, choice: dict[str, Any]) -> None:
    try:
        made = with_choice(Detector.from_bytes(store().read_artifact(sha256)), choice)
        kept = store().put_artifact("detector", "tuned.detector", made.to_bytes()).sha256
        store().save_run(
            project_id, "detector", made.name, {"choice": choice, "from": sha256}, {"tuned.detector": kept}
        )
        st.session_state["_bench_saved"] = made.name
    except LabError as error:
        st.error(str(error))


def _button(label: str, task: str, project_id: int) -> bool:
    return acting.button(label, type="primary", disabled=is_open(latest_job(project_id, task)), key=f"go-{task}")


def _result(project_id: int, task: str, sha256: str) -> dict[str, Any] | None:
    """Return the newest finished result of a task for this very detector."""
    from lab.workspace import jobs

    rows = jobs.jobs(store(), project_id)
    done = (row.result for row in rows if row.task == task and row.state == jobs.DONE and row.result)
    return next((result for result in done if result.get("detector") == sha256), None)
