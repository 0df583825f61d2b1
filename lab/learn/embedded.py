"""Examples made by the lab itself: synthetic scenes, rendered and cut by helper processes.

Classes are kinds of sound, such as "T3" or "bird"; `as_detector` turns them
into alarm and not alarm. Helpers are plain child processes that read jobs
and write windows, so that they work inside a daemonic worker too, and are
busy before TensorFlow is imported here.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from lab.errors import BadInput, LabError
from lab.learn.examples import Examples, LearningSet, digest, joined
from lab.progress import OnProgress, ignore
from lab.sound import features, synth
from lab.sound.features import FeatureSpec

ROOT = str(Path(__file__).resolve().parents[2])
PROCESSES = 2
CHUNK = 25
_MET = [family for family in synth.FAMILIES.values() if family.split != "fresh"]
ALARM_KINDS = tuple(sorted({family.kind for family in _MET if family.label == synth.ALARM}))
KINDS = (*ALARM_KINDS, *sorted({family.kind for family in _MET if family.label != synth.ALARM}))
"""The classes of what trains and tests, alarms first. Between two tones an alarm's scene is "background"."""
BETWEEN = KINDS.index("background")
Plan = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Amount:
    """How much to make.

    Attributes:
        train, validate, test: scenes of each split.
        seconds: length of a scene.
        stride: samples from window to window.
        alarms: share of scenes with an alarm.
        hard: (family, scenes) that train besides: sounds that differ from an alarm in little but rhythm.
    """

    train: int = 3_000
    validate: int = 300
    test: int = 300
    seconds: float = 4.0
    stride: int = 3_200
    alarms: float = 0.45
    hard: tuple[tuple[str, int], ...] = (("t4", 200), ("timer", 80), ("electric_bell", 80), ("chimes", 60))


def make(
    seed: int,
    spec: FeatureSpec,
    amount: Amount | None = None,
    processes: int = PROCESSES,
    on_progress: OnProgress = ignore,
) -> LearningSet:
    """Return windows of synthetic scenes, by kind of sound.

    Splits differ in their scenes; "test" is made by other generator families.

    Args:
        seed: names the whole set; any number of processes gives the same.
        spec: features.
        amount: how much.
        processes: helpers at work at once.
        on_progress: called after each chunk of scenes; may raise to stop.
    """
    amount = amount or Amount()
    plans: dict[str, Plan] = {
        split: synth.plan(count, seed, split, amount.alarms)  # type: ignore[arg-type]
        for split, count in (("train", amount.train), ("validate", amount.validate), ("test", amount.test))
    }
    plans["train"] = [*plans["train"], *_hard(amount, seed)]
    chunks = [(split, plan[at : at + CHUNK]) for split, plan in plans.items() for at in range(0, len(plan), CHUNK)]
    made = _by_helpers([plan for _, plan in chunks], spec, amount, processes, on_progress)
    sides = {
        split: joined([part for part, (side, _) in zip(made, chunks, strict=True) if side == split]) for split in plans
    }
    name = digest([json.dumps([seed, spec.to_json(), [amount.seconds, amount.stride], list(plans.values())]).encode()])
    return LearningSet(KINDS, spec, sides["train"], sides["validate"], sides["test"], f"synthetic:{name}")


def _hard(amount: Amount, seed: int) -> Plan:
    rng = np.random.default_rng([seed, 0x4A2D])
    return [(family, int(each)) for family, count in amount.hard for each in rng.integers(0, 2**31, count)]


def as_detector(data: LearningSet) -> LearningSet:
    """Return the same examples as alarm (class 0) and not alarm (class 1)."""
    limit = len(ALARM_KINDS)
    sides = {
        side: replace(getattr(data, side), classes=(getattr(data, side).classes >= limit).astype(np.int64))
        for side in ("train", "validate", "test")
    }
    return replace(data, labels=(synth.ALARM, synth.NOT_ALARM), **sides)


def windows_of(family: str, seed: int, spec: FeatureSpec, amount: Amount) -> Examples:
    """Return the windows of one scene; those that are neither alarm nor none are left out."""
    scene = synth.render(family, seed, amount.seconds)
    made = features.windows(scene.samples, spec, stride=amount.stride)
    said = synth.window_labels(scene, np.arange(len(made)) * amount.stride, spec.window_len)
    kind = KINDS.index(scene.kind)
    classes = np.where(said == 1, kind, BETWEEN if scene.label == synth.ALARM else kind).astype(np.int64)
    kept = said >= 0
    return Examples(made[kept], classes[kept], np.zeros(int(kept.sum()), np.int64))


def _by_helpers(
    plans: Sequence[Plan], spec: FeatureSpec, amount: Amount, processes: int, on_progress: OnProgress
) -> list[Examples]:
    done: dict[int, Examples] = {}
    with _helpers(spec, amount, processes) as helpers, ThreadPoolExecutor(processes) as threads:
        free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        for helper in helpers:
            free.put(helper)
        waiting = {threads.submit(_ask, free, plan): index for index, plan in enumerate(plans)}
        try:
            for future in as_completed(waiting):
                done[waiting[future]] = future.result()
                on_progress(len(done), len(plans), "making sounds")
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            for helper in helpers:
                helper.kill()
            raise
    return [done[index] for index in range(len(plans))]


def _ask(free: "SimpleQueue[subprocess.Popen[bytes]]", plan: Plan) -> Examples:
    helper = free.get()
    try:
        assert helper.stdin is not None
        assert helper.stdout is not None
        helper.stdin.write(json.dumps(list(plan)).encode() + b"\n")
        helper.stdin.flush()
        size = helper.stdout.readline()
        if not size:
            raise LabError("A helper that makes sounds stopped before its work was done; try again.")
        with np.load(io.BytesIO(helper.stdout.read(int(size))), allow_pickle=False) as parts:
            return Examples(parts["windows"], parts["classes"], parts["clips"])
    except BrokenPipeError as error:
        raise LabError("A helper that makes sounds could not start; try again.") from error
    finally:
        free.put(helper)


@contextmanager
def _helpers(spec: FeatureSpec, amount: Amount, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    if count < 1:
        raise BadInput(f"Making sounds needs at least one process; it got {count}.")
    task = json.dumps({"spec": spec.to_json(), "seconds": amount.seconds, "stride": amount.stride})
    command = [sys.executable, "-m", __name__, task]
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([ROOT, *filter(None, [os.environ.get("PYTHONPATH")])])}
    helpers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=where) for _ in range(count)
    ]
    try:
        yield helpers
    finally:
        for helper in helpers:
            helper.communicate()


def serve(task: str) -> None:
    """Answer plans on standard input with windows on standard output, until it closes."""
    given = json.loads(task)
    spec = FeatureSpec.from_json(given["spec"])
    amount = Amount(seconds=given["seconds"], stride=given["stride"])
    for line in sys.stdin:
        made = joined([windows_of(family, seed, spec, amount) for family, seed in json.loads(line)])
        buffer = io.BytesIO()
        np.savez(buffer, windows=made.windows, classes=made.classes, clips=made.clips)
        sys.stdout.buffer.write(b"%d\n" % buffer.tell() + buffer.getvalue())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
