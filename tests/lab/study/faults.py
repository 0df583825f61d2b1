"""An import that dies, or fills its disk: run by the tests in a process of its own.

`python -m tests.lab.study.faults die WHERE FOLDER` kills itself with the fourth sound of a folder at WHERE.
`python -m tests.lab.study.faults fill FOLDER BALLAST` imports until the disk is full, frees the ballast and goes on;
prints what it saw as JSON.
"""

import json
import os
import signal
import sys
from pathlib import Path

from lab.errors import LabError
from lab.study import projects
from lab.workspace.store import Store, artifacts, open_store

PLACES = {
    "half a file": (artifacts, "_sync"),
    "a file without its row": (artifacts.ArtifactFiles, "_write"),
    "a sound without its clip": (Store, "_put"),
}
FOURTH = 4


def dies_after(owner, name):
    """Let a function kill this process at the end of its fourth call."""
    real, calls = getattr(owner, name), []

    def dying(*args, **more):
        result = real(*args, **more)
        calls.append(name)
        if len(calls) == FOURTH:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def seen(store):
    """Return what is in the store, once every clip has been read."""
    clips = store.clips(store.project("Kitchen").id)
    for clip in clips:
        store.read_artifact(clip.sha256)
    half = store.files.folder / "incoming"
    return {"clips": len(clips), "half": len(list(half.iterdir())) if half.exists() else 0}


def fill(folder, ballast):
    """Import twice: on a disk that is too small, and on one with room."""
    store, said = open_store(), ""
    try:
        projects.add("Kitchen", [folder])
    except LabError as error:
        said = str(error)
    before = seen(store)
    ballast.unlink()
    result = projects.add("Kitchen", [folder])
    print(json.dumps({"said": said, "before": before, "added": result["added"], "after": seen(store)}))


if __name__ == "__main__":
    if sys.argv[1] == "die":
        dies_after(*PLACES[sys.argv[2]])
        projects.add("Kitchen", [Path(sys.argv[3])])
    else:
        fill(Path(sys.argv[2]), Path(sys.argv[3]))
