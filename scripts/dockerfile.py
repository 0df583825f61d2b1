"""Reads a Dockerfile and a .dockerignore: as much of both as this project writes."""

import fnmatch
import json
import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

KNOWN = {
    "FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "LABEL", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD",
}  # fmt: skip


class DockerfileError(Exception):
    """A Dockerfile says what this reader does not know."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction.

    Attributes:
        line: where it begins, from 1.
        name: in capitals.
        options: `--from=parts` as {"from": "parts"}.
        words: what follows: of RUN one string for the shell; of the others words, or the JSON list.
    """

    line: int
    name: str
    options: dict[str, str]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one FROM begins.

    Attributes:
        base: an image's or an earlier stage's name.
        name: after AS, or "".
        steps: the instructions after FROM.
    """

    base: str
    name: str
    steps: tuple[Step, ...]


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile in order.

    Raises:
        DockerfileError: an instruction that is not known, or one before the first FROM.
    """
    found: list[tuple[str, str, list[Step]]] = []
    for line, logical in _logical_lines(text):
        step = _step(line, logical)
        if step.name == "FROM":
            found.append((step.words[0], step.words[2] if len(step.words) == 3 else "", []))
        elif not found:
            raise DockerfileError(f"Line {line}: {step.name} comes before the first FROM.")
        else:
            found[-1][2].append(step)
    return [Stage(base, name, tuple(steps)) for base, name, steps in found]


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Join continued lines with their numbers; comments vanish, between continued lines too."""
    joined: list[tuple[int, str]] = []
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not (parts or line.strip()):
            continue
        begun = begun if parts else number
        parts.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            joined.append((begun, "".join(parts).strip()))
            parts = []
    if parts:
        raise DockerfileError(f"Line {begun} goes on for ever.")
    return joined


def _step(line: int, text: str) -> Step:
    name, _, rest = text.partition(" ")
    if name not in KNOWN:
        raise DockerfileError(f"Line {line}: {name} is not known here; known are {', '.join(sorted(KNOWN))}.")
    options, rest = {}, rest.strip()
    while name != "RUN" and (match := re.match(r"--([a-z-]+)=(\S+)\s*", rest)):
        options[match[1]] = match[2]
        rest = rest[match.end() :]
    if name == "HEALTHCHECK":
        rest = rest.removeprefix("CMD").strip()
    if name == "RUN":
        return Step(line, name, options, (rest,))
    return Step(line, name, options, tuple(json.loads(rest) if rest.startswith("[") else shlex.split(rest)))


def ignored(path: PurePosixPath, patterns: list[str]) -> bool:
    """Whether a .dockerignore's patterns leave out a path, relative to the context, or a folder that it is in."""
    return any(_matches(each, pattern) for pattern in patterns for each in (path, *path.parents))


def _matches(path: PurePosixPath, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(path.name, pattern[3:])
    wanted = pattern.strip("/").split("/")
    return len(wanted) == len(path.parts) and all(map(fnmatch.fnmatch, path.parts, wanted))


def ignore_patterns(text: str) -> list[str]:
    """Return the patterns of a .dockerignore.

    Raises:
        DockerfileError: an exception ("!"), which is not known here.
    """
    lines = [line.strip() for line in text.splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    if any(pattern.startswith("!") for pattern in patterns):
        raise DockerfileError("Exceptions in .dockerignore are not known here.")
    return patterns
