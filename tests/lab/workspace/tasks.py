"""Tasks that the tests give to a real worker."""

import os
import time
from pathlib import Path

from lab.errors import Away, BadInput


def add(args, context):
    context.log("adding")
    context.metric({"epoch": 1.0, "loss": 0.5})
    context.progress(1, 2, "half way")
    return {"sum": args["a"] + args["b"]}


def refuse(args, context):
    raise BadInput("Two labels are needed; got one.")


def defect(args, context):
    return {}["missing"]


def not_json(args, context):
    return {"clip": object()}


def chatter(args, context):
    for step in range(2_000):
        context.say({"progress": [step + 1, 2_000, "talking"]})
    context.log("said all")
    return {}


def until_stopped(args, context):
    for step in range(10_000):
        context.progress(step, 10_000, "waiting")
        time.sleep(0.05)
    return {}


def deaf(args, context):
    Path(args["started"]).touch()
    time.sleep(300)
    return {}


def die(args, context):
    os._exit(1)


def wait_for_file(args, context):
    """Say that it runs, then wait until a file is there."""
    while not Path(args["file"]).exists():
        context.progress(1, 2, "waiting for a file")
        time.sleep(0.05)
    return {"process": os.getpid()}


def save(args, context):
    """Wait until a file is there, then need the database."""
    wait_for_file(args, context)
    return {"project": context.store.project("Kitchen").name}


def find_store_away(args, context):
    raise Away("The file store does not answer.")


def die_once(args, context):
    """Wait to be killed with the worker the first time; finish the second."""
    flag = Path(args["flag"])
    if flag.exists():
        return {"attempt": 2}
    flag.touch()
    time.sleep(300)
    return {}


def hoard(args, context):
    """Take memory, and keep it."""
    kept = [bytearray(2**20) for _ in range(args["megabytes"])]
    for step in range(600):
        context.progress(step, 600, f"keeping {len(kept)} MB")
        time.sleep(0.05)
    return {}


def litter(args, context):
    """Write temporary files, and keep them until asked to stop."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for step in range(args["megabytes"]):
            (Path(folder) / str(step)).write_bytes(bytes(2**20))
        Path(args["told"]).write_text(folder)
        if args.get("deaf"):
            time.sleep(300)
        for step in range(600):
            context.progress(step, 600, "keeping files")
            time.sleep(0.05)
    return {}


def where(args, context):
    """Tell which process ran this."""
    return {"pid": os.getpid()}
