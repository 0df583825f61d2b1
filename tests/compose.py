"""compose.yaml as a program sees it: variables filled in, anchors followed."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "compose.yaml"
EXAMPLE = ROOT / "deploy" / "lab.env.example"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
OURS = "tinyml-lab:"
"""How the name of the lab's own image begins."""


def read(given):
    """Return compose.yaml as plain data with `given` in place of its variables.

    Raises:
        KeyError: a variable that is required and was not given, as compose would refuse it.
    """

    def fill(match):
        name, sign, otherwise = match.groups()
        if value := given.get(name, ""):
            return value
        if sign == "?":
            raise KeyError(name)
        return otherwise or ""

    return _filled(yaml.safe_load(FILE.read_text("utf-8")), lambda text: VARIABLE.sub(fill, text))


def _filled(node, fill):
    if isinstance(node, dict):
        return {key: _filled(value, fill) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(each, fill) for each in node]
    return fill(node) if isinstance(node, str) else node


def example():
    """Return deploy/lab.env.example's variables."""
    lines = [line for line in EXAMPLE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def filled_in(host="lab.example", **given):
    """Return the example as a person fills it in."""
    secrets = {name: f"{name.lower().replace('_', '-')}-0123456789" for name, value in example().items() if not value}
    return {**example(), **secrets, "LAB_HOST": host, **given}


def is_ours(service):
    """Whether a service runs the lab's own image."""
    return service["image"].startswith(OURS)
