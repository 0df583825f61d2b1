"""The tasks that pages submit: JSON in, JSON out, files as artifacts of the store.

Each is `def task(args, context)`; the worker finds it by its dotted name.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.deploy.detector import Detector
from lab.errors import BadInput
from lab.sound.augment import Augmentation
from lab.workspace.context import JobContext
from lab.workspace.store import LOCAL_OWNER

Args = dict[str, Any]
Result = dict[str, Any]
KINDS = {".uf2": "uf2", ".detector": "detector", ".tflite": "tflite", ".zip": "zip"}


def demo(args: Args, context: JobContext) -> Result:
    """Run the whole way on embedded data; keep a run with all its files."""
    from lab.study.demo import demo as run_demo

    with _folder() as out:
        made = run_demo(out, str(args.get("board", "pico")), int(args.get("seed", 0)), context.progress, context.metric)
        artifacts = _keep(context, out)
    emulated = made.pop("emulated")
    trace = emulated.pop("trace") if emulated else None
    result = {
        **made, "emulated": emulated, "trace": trace, "artifacts": artifacts,
        **{key: artifacts.get(Path(made[key]).name) if made[key] else None for key in ("detector", "tflite", "uf2")},
    }  # fmt: skip
    return _with_run(context, "demo", "Fire alarm (demo)", result)


def train_baseline(args: Args, context: JobContext) -> Result:
    """Train a baseline on a project's sounds, or on embedded ones."""
    from lab.study import baselines, train
    from lab.study.projects import project_dataset

    spec, arch, seed = str(args.get("spec", "default")), dict(args.get("arch") or {}), int(args.get("seed", 0))
    epochs = _optional_int(args.get("epochs"))
    if args.get("embedded"):
        learned = train.embedded_baseline(spec, arch, epochs, seed, context.progress, context.metric)
    else:
        dataset = project_dataset(context.store, int(args["project_id"]), seed)
        learned = train.learn_baseline(
            dataset, spec, arch, epochs, seed, context.progress, context.metric, _augmentation(args)
        )
    context.log(learned.summary)
    kept = context.store.put_artifact("baseline", "model.baseline", baselines.to_bytes(learned)).sha256
    result = {
        "baseline": kept, "artifacts": {"model.baseline": kept}, "classes": list(learned.labels), "spec": spec,
        "arch": learned.arch.to_json(), "windows": learned.scores.get("windows", {}), "dataset": learned.dataset,
        "augmentation": learned.augmentation,
    }  # fmt: skip
    return _with_run(context, "baseline", f"Baseline of {len(learned.labels)} kinds", result)


def finetune(args: Args, context: JobContext) -> Result:
    """Turn a baseline into a detector of a project's sounds."""
    from lab.study import baselines, train
    from lab.study.projects import project_dataset

    run = context.store.run(int(args["from_run"]))
    start = baselines.from_bytes(context.store.read_artifact(run.artifacts["model.baseline"]))
    seed, own_id = int(args.get("seed", 0)), _optional_int(args.get("own_project_id"))
    dataset = project_dataset(context.store, int(args["project_id"]), seed)
    own = None if own_id is None else project_dataset(context.store, own_id, seed)
    detector, windows = train.make_detector(
        start, dataset, _texts(args.get("positive"), train.DEFAULT_POSITIVE), str(args.get("name") or "My detector"),
        _optional_int(args.get("epochs")), seed, context.progress, context.metric, own,
        _augmentation(args),
    )  # fmt: skip
    name = "trained.detector"
    kept = context.store.put_artifact("detector", name, detector.to_bytes()).sha256
    result = {
        "detector": kept, "artifacts": {name: kept}, "windows": windows, "dataset": detector.dataset,
        "spec": detector.spec.name, "from_run": run.id, "augmentation": detector.augmentation,
    }  # fmt: skip
    return _with_run(context, "finetune", detector.name, result)


def teach(args: Args, context: JobContext) -> Result:
    """Let a detector's dense layers learn a project's sounds."""
    from lab.study.projects import project_dataset
    from lab.study.teach import teach as lesson

    detector = _detector(args, context)
    own = project_dataset(context.store, int(args["project_id"]))
    name = str(args.get("name") or detector.name.removesuffix(", taught") + ", taught")
    taught, report = lesson(detector, own, name, int(args.get("seed", 0)), context.progress)
    kept = context.store.put_artifact("detector", "taught.detector", taught.to_bytes()).sha256
    result = {**report, "detector": kept, "artifacts": {"taught.detector": kept}, "dataset": taught.dataset}
    return _with_run(context, "teach", taught.name, result)


def get_ready(args: Args, context: JobContext) -> Result:
    """Prepare this process for lessons of a detector, while its person still listens."""
    from lab.study.teach import get_ready as prepare

    prepare(_detector(args, context))
    return {}


def compile_firmware(args: Args, context: JobContext) -> Result:
    """Compile a detector for a board; keep every file."""
    from lab.study.firmware import compile_detector

    detector = _detector(args, context)
    with _folder() as out:
        report = compile_detector(detector, out, str(args.get("board", "pico")), context.progress)
        artifacts = _keep(context, out)
    name = "firmware.detector"
    artifacts[name] = context.store.put_artifact("detector", name, detector.to_bytes()).sha256
    result = {"artifacts": artifacts, "report": report, "board": args.get("board", "pico"), "name": detector.name}
    return _with_run(context, "firmware", detector.name, result)


def compile_app(args: Args, context: JobContext) -> Result:
    """Compile firmware that is no detector: "usb_microphone" (MicNode), or "selftest" of the prepared detector."""
    from lab.study import firmware

    app, board = str(args["app"]), str(args.get("board", "pico"))
    if app not in firmware.OTHER_APPS:
        raise BadInput(f"There is no firmware {app!r}; choose one of {', '.join(firmware.OTHER_APPS)}.")
    with _folder() as out:
        report = firmware.compile_app(app, None, out, board, context.progress)
        return {"artifacts": _keep(context, out), "report": report, "board": board, "app": app}


def try_board(args: Args, context: JobContext) -> Result:
    """Play a test alarm to firmware on the virtual board."""
    from lab.deploy.emulator import emulate
    from lab.study.demo import alarm_sound, trace_of

    context.progress(0, 1, "the virtual board listens")
    seen = emulate(context.store.read_artifact(str(args["uf2"])), alarm_sound(kind=str(args.get("kind", "t3"))))
    return {
        "events": seen.events, "trace": trace_of(seen), "hop_cycles": max(hop["cycles"] for hop in seen.hops),
        "real_time": seen.real_time,
    }  # fmt: skip


def add_files(args: Args, context: JobContext) -> Result:
    """Add files, folders or zips to a project."""
    from lab.study.projects import add_to

    paths = [context.given(path) for path in _texts(args.get("paths"), ())]
    result = add_to(context.store, int(args["project_id"]), paths, args.get("label"), context.progress)
    for row in result["refused"]:
        context.log(f"{row['file']}: {row['reason']}")
    return result


def download_data(args: Args, context: JobContext) -> Result:
    """Download a published data set, or the rest of it, and add what was chosen to a project."""
    from lab.sound.published import Choice, published
    from lab.study.downloads import download

    choice = Choice(_texts(args.get("labels"), ()), int(args.get("most") or 0))
    result = download(context.store, int(args["project_id"]), published(str(args["data"])), choice, context.progress)
    for row in result["refused"]:
        context.log(f"{row['file']}: {row['reason']}")
    return {**result, "notes": []}


def measure_leaks(args: Args, context: JobContext) -> Result:
    """Train on a project's sounds twice, split by windows and by recordings, and compare what each claims."""
    from lab.study.leakage import measure
    from lab.study.projects import project_dataset

    seed = int(args.get("seed", 0))
    dataset = project_dataset(context.store, int(args["project_id"]), seed)
    return measure(dataset, _optional_int(args.get("epochs")), seed, context.progress, context.metric)


def map_clips(args: Args, context: JobContext) -> Result:
    """Place a project's sounds on a map."""
    from lab.study.clip_map import draw

    return draw(context.store, int(args["project_id"]), context.progress)


def export_project(args: Args, context: JobContext) -> Result:
    """Keep a project as one zip."""
    from lab.study.portable import export

    with _folder() as out:
        made = export(context.store, int(args["project_id"]), out / "project.zip", context.progress)
        return {**made, "artifacts": _keep(context, out)}


def import_project(args: Args, context: JobContext) -> Result:
    """Make a new project of an exported zip; it belongs to who asked."""
    from lab.study.portable import bring_in

    path = context.given(str(args["path"]))
    return bring_in(context.store, path, context.owner or LOCAL_OWNER, on_progress=context.progress)


def _detector(args: Args, context: JobContext) -> Detector:
    return Detector.from_bytes(context.store.read_artifact(str(args["detector"])))


def _augmentation(args: Args) -> Augmentation | None:
    given = args.get("augment")
    return None if given is None else Augmentation.from_json(given)


def _texts(values: Any, default: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if values else tuple(default)


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        yield Path(folder)


def _keep(context: JobContext, folder: Path) -> dict[str, str]:
    return {
        path.name: context.store.put_artifact(KINDS.get(path.suffix, "file"), path.name, path.read_bytes()).sha256
        for path in sorted(folder.iterdir())
    }


def _with_run(context: JobContext, kind: str, name: str, result: Result) -> Result:
    """Keep a run of the result, without its long parts, and return the result with the run's number."""
    if context.project_id is None:
        return result
    data = {key: value for key, value in result.items() if key not in ("trace", "artifacts")}
    run = context.store.save_run(context.project_id, kind, name, data, result["artifacts"], context.job_id)
    return {**result, "run_id": run.id}
