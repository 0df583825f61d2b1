"""Which parts are in, written where the page reads it: LAB_HOME/setup.json."""

import json
import os
import tempfile
from pathlib import Path


def lab_home() -> Path:
    """Return LAB_HOME, as lab.workspace.settings has it."""
    data = os.environ.get("XDG_DATA_HOME")
    default = (Path(data) if data else Path.home() / ".local" / "share") / "tinyml-lab"
    return Path(os.environ.get("LAB_HOME") or default).expanduser()


class Status:
    """States of the parts: "installing", "ready", "missing" or "failed", each with a sentence if it needs one."""

    def __init__(self) -> None:
        self.home = lab_home()
        self.file = self.home / "setup.json"

    def set(self, part: str, state: str, message: str = "") -> None:
        """Write one part's state; the others stay."""
        told = self._read()
        told["parts"][part] = state
        told["messages"].pop(part, None)
        if message:
            told["messages"][part] = message
        print(f"[{part}] {state}{': ' + message if message else ''}", flush=True)
        self.home.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.home, prefix=".setup.")
        with os.fdopen(handle, "w") as file:
            json.dump(told, file, indent=2)
        Path(name).replace(self.file)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            told = json.loads(self.file.read_text())
            return {"parts": dict(told["parts"]), "messages": dict(told["messages"])}
        except (OSError, ValueError, KeyError, TypeError):
            return {"parts": {}, "messages": {}}
