"""Stores in the states that pages must show, made through the store itself."""

import math

import numpy as np

from lab.deploy.detector import Detector
from lab.sound.clip import Clip
from lab.sound.features import DEFAULT
from lab.sound.files import wav_bytes
from lab.workspace import jobs
from lab.workspace.store import Job, now, open_store
from pages.ui import incoming

DEMO, BASELINE, FINETUNE, COMPILE, TRY, ADD = (
    f"lab.study.tasks:{name}"
    for name in ("demo", "train_baseline", "finetune", "compile_firmware", "try_board", "add_files")
)
PROJECT = "Kitchen alarm"
CURVE = {
    "threshold": [place / 50 for place in range(51)],
    "precision": [0.62 + 0.38 * math.sin(place / 50 * math.pi / 2) for place in range(51)],
    "recall": [1 - (place / 50) ** 6 * 0.7 for place in range(51)],
}
WINDOWS = {
    "count": 1_840, "accuracy": 0.963, "precision": 0.958, "recall": 0.971, "labels": ["alarm", "not_alarm"],
    "confusion": [[893, 27], [41, 879]], "curve": CURVE,
}  # fmt: skip
EVENTS = [{"start_s": 3.6, "end_s": 7.9}]


def project(name=PROJECT):
    """Return a project, made if absent."""
    return open_store().project(name)


def job(task, state="done", args=None, result=None, **fields):
    """Put a job in the table as the worker would have left it."""
    row = jobs.submit(open_store(), task, args or {}, project().id)
    started = {"started": now(), "heartbeat": now()} if state != "queued" else {}
    ended = {"finished": now()} if state in ("done", "failed", "cancelled") else {}
    with open_store().session() as session:
        kept = session.get(Job, row.id)
        for name, value in {"state": state, "result": result, **started, **ended, **fields}.items():
            setattr(kept, name, value)
    return row


def detector(name="Kitchen alarm"):
    """Return a detector whose model is no model: pages never run it."""
    scores = {
        "windows": {"accuracy": 0.974}, "events": {"recall": 0.99, "false_alarms_per_hour": 1.9},
        "how": "160 synthetic scenes of generators kept from training",
    }  # fmt: skip
    return Detector(
        name=name, model=bytes(14_800), spec=DEFAULT, labels=("alarm", "not_alarm"), positive=("alarm",), threshold=0.5,
        licences=("synthetic: no licence needed",), scores=scores,
    )  # fmt: skip


def artifact(name, data):
    """Keep a file in the store; return its hash."""
    return open_store().put_artifact(name.rsplit(".", 1)[-1], name, data).sha256


def trace():
    """Return what a virtual board would send about a T3 alarm."""
    times = [round(hop * 0.032, 3) for hop in range(31, 250)]
    loud = [(t % 4) < 3 and (t % 1) < 0.55 and t > 1 for t in times]
    probability = [min(0.996, 0.9 + 0.09 * math.sin(t * 9)) if on else 0.06 for t, on in zip(times, loud, strict=True)]
    led = [round(p * p, 3) for p in probability]
    return {"t_s": times, "probability": probability, "led": led}


def demo_result(**changes):
    """Return a finished demo's result, its files in the store."""
    files = {
        "detector_pico.uf2": bytes(range(256)) * 600, "alarm.detector": detector().to_bytes(),
        "alarm.tflite": bytes(14_800),
        "detector_pico.elf": bytes(301_000), "detector_pico.bin": bytes(76_800), "model.h": b"/* model */",
        "detector_pico_c.zip": b"PK" + bytes(60_000),
    }  # fmt: skip
    shas = {name: artifact(name, data) for name, data in files.items()}
    return {
        "detector": shas["alarm.detector"], "uf2": shas["detector_pico.uf2"], "tflite": shas["alarm.tflite"],
        "window_accuracy": 0.974, "events": {"recall": 0.9875, "false_alarms_per_hour": 1.9},
        "emulated": {"detected": True, "hop_cycles": 1_420_000, "events": EVENTS}, "skipped": None, "seconds": 108.4,
        "artifacts": shas, "trace": trace(), "run_id": 1, **changes,
    }  # fmt: skip


def demo_done():
    """Finish a demo: job, result and run."""
    result = demo_result()
    open_store().save_run(project().id, "demo", "Fire alarm", {}, result["artifacts"])
    return job(DEMO, result=result)


def epochs(job_id, count=12):
    """Let a job have reported epochs."""
    for place in range(count):
        loss = math.exp(-place / 5)
        values = {"epoch": place, "stage": "all layers", "loss": loss, "accuracy": 1 - loss / 2}
        jobs.say(open_store(), job_id, jobs.METRIC, values | {"val_loss": loss + 0.05, "val_accuracy": 0.95 - loss / 2})


def baseline_done():
    """Finish a baseline: job, curves and run."""
    run = open_store().save_run(project().id, "baseline", "Baseline on synthetic sounds", {"spec": "default"}, {})
    row = job(BASELINE, result={"run_id": run.id, "windows": WINDOWS, "seconds": 61.0})
    epochs(row.id)
    return row


def finetune_done():
    """Finish a fine-tuning: job, curves, detector and run."""
    sha = artifact("Kitchen alarm.detector", detector().to_bytes())
    run = open_store().save_run(project().id, "finetune", "Kitchen alarm", {}, {"Kitchen alarm.detector": sha})
    row = job(FINETUNE, result={"detector": sha, "run_id": run.id, "windows": WINDOWS, "seconds": 44.0})
    epochs(row.id)
    return sha


def compile_done(sha, board="pico"):
    """Finish a compilation; return the .uf2's hash."""
    files = demo_result()["artifacts"]
    report = {"flash_bytes": 76_800, "ram_bytes": 98_304, "arena_bytes": 9_984, "macs": 412_000, "cycles": 1_420_000}
    job(COMPILE, args={"detector": sha, "board": board}, result={"artifacts": files, "report": report})
    return files["detector_pico.uf2"]


def examples():
    """Add the twelve example sounds."""
    incoming.add_examples(project().id)


def everything():
    """Put every page into its done state."""
    examples()
    demo_done()
    baseline_done()
    uf2 = compile_done(finetune_done())
    job(TRY, args={"uf2": uf2, "kind": "t3"}, result={"trace": trace(), "events": [{"start_s": 3.6, "end_s": 8.0}]})


if __name__ == "__main__":
    everything()


def tone_wav(seconds=1.0):
    """Return a WAV file of a 3 kHz tone."""
    wave = 8_000 * np.sin(2 * np.pi * 3_000 * np.arange(round(16_000 * seconds)) / 16_000)
    return wav_bytes(Clip(wave.astype(np.int16), "", "tone"))


def clips():
    """Return the clips of the seeded project."""
    return open_store().clips(project().id)
