"""The bench's tasks that pages submit: JSON in, JSON out."""

from collections.abc import Iterator
from typing import Any

from lab.deploy.detector import Detector
from lab.errors import BadInput
from lab.progress import OnProgress
from lab.study.alarm import quiet, slices, tuner
from lab.study.alarm.contenders import Contender, Ears, usual
from lab.study.projects import item_of
from lab.workspace.context import JobContext

Args = dict[str, Any]
Result = dict[str, Any]
SEED = 20_000
BY_RULE = "rules"
NAMES = (*slices.SLICES, BY_RULE)
MAX_HOURS, MAX_TRIALS = 24.0, 10


def hears(args: Args, context: JobContext) -> Result:
    """Measure slices for a detector and the article's: {detector, slices, trials}."""
    contenders = usual(_detector(args, context))
    trials = int(args.get("trials") or 1)
    names = [str(name) for name in args.get("slices") or NAMES]
    unknown = [name for name in names if name not in NAMES]
    if unknown or not 1 <= trials <= MAX_TRIALS:
        raise BadInput(f"Choose among {', '.join(NAMES)}, and 1 to {MAX_TRIALS} alarms in each cell.")
    made = []
    for index, name in enumerate(names):
        told = _part(context.progress, index, len(names))
        if name == BY_RULE:
            made.append(slices.by_rule(contenders[0], 5 * trials, SEED, told))
        else:
            each = slices.SLICES[name]
            made.append(slices.described(each, slices.measure(contenders, each, trials, SEED, told)))
    return {"slices": made, "trials": trials, "detector": args["detector"]}


def stays_quiet(args: Args, context: JobContext) -> Result:
    """Count false alarms over synthetic hours and a project's other sounds: {detector, hours, project_id}."""
    detector, hours = _detector(args, context), float(args.get("hours") or 1)
    if not 0 < hours <= MAX_HOURS:
        raise BadInput(f"{hours:g} hours cannot be made; choose up to {MAX_HOURS:g}.")
    contenders = usual(detector)
    rows = [quiet.over_synthetic(contenders, hours, on_progress=_part(context.progress, 0, 2))]
    if args.get("project_id") is not None:
        own = _over_project(contenders, context, int(args["project_id"]), _part(context.progress, 1, 2))
        rows += [own] if own else []
    return {"sources": rows, "totals": [quiet.summed([row]) for row in rows], "detector": args["detector"]}


def _over_project(
    contenders: list[Contender], context: JobContext, project_id: int, on_progress: OnProgress
) -> dict[str, Any] | None:
    """Play a project's labelled sounds that are no alarm, one after another; None if there is none."""
    positive = set(contenders[0].detector.positive)
    clips = [clip for clip in context.store.clips(project_id) if clip.label and clip.label not in positive]
    lengths = [round(clip.seconds * 16_000) for clip in clips]

    def blocks() -> Iterator[Any]:
        for index, clip in enumerate(clips):
            on_progress(index, len(clips), f"listening to {clip.name}")
            yield item_of(context.store, clip).clip().samples

    if not clips:
        return None
    rows = []
    for contender, heard in zip(contenders, Ears(contenders).hear_blocks(blocks), strict=True):
        places = quiet.places(quiet.event_times(contender, heard), lengths)
        at = [{"file": clips[place].name, "t_s": t} for place, t in places]
        rows.append({"contender": contender.name, "false_alarms": len(at), "at": at})
    return {"source": "this project", "hours": round(sum(lengths) / 16_000 / 3600, 4), "contenders": rows}


def tune(args: Args, context: JobContext) -> Result:
    """Hear alarms and other sounds once, and try every threshold and rule: {detector, scenes, hours}."""
    detector = _detector(args, context)
    heard = tuner.listen(
        detector, int(args.get("scenes") or 300), float(args.get("hours") or 2), on_progress=context.progress
    )
    rows = tuner.choices(heard, on_progress=context.progress)
    return {"choices": rows, "hours": heard.hours, "alarms": len(heard.alarms), "detector": args["detector"]}


def _detector(args: Args, context: JobContext) -> Detector:
    return Detector.from_bytes(context.store.read_artifact(str(args["detector"])))


def _part(on_progress: OnProgress, index: int, count: int) -> OnProgress:
    """Return a callback whose own steps fill one of `count` equal parts out of 1000."""
    return lambda done, total, message: on_progress(
        (1000 * index + 1000 * done // max(1, total)) // count, 1000, message
    )
