"""`python -m lab COMMAND … --json`: every job of the pages, headless.

Prints one JSON object on standard output (logs go to standard error). Exits
0 on success, 2 on bad input with one clear line, 1 on anything else. Each
handler imports what it needs, so that `--help` is instant.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator

from lab.cli import hosting, learning, measuring, people, serving, shipping, sounds
from lab.cli.adding import Result
from lab.errors import LabError


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = parser().parse_args(argv)
    try:
        with _stdout_to_stderr() as write:
            result: Result | None = args.run(args)
            if result is not None:
                write(json.dumps(result, ensure_ascii=False) if args.json else _readable(result))
    except LabError as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: Stopped on request.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return 1
    return _judged(result)


def _judged(result: Result | None) -> int:
    """Return 1 where a result broke limits that were set for it, and say which."""
    for sentence in (result or {}).get("broken", []):
        print(f"limit: {_one_line(sentence)}", file=sys.stderr)
    return 1 if (result or {}).get("broken") else 0


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[Callable[[str], None]]:
    """Keep standard output for the result: libraries print there, even from C."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(kept, "w", encoding="utf-8", closefd=False) as out:
            yield lambda text: print(text, file=out)
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _one_line(error: Exception | str) -> str:
    return " ".join(str(error).split())


def _readable(result: Result, indent: str = "") -> str:
    lines = []
    for key, value in result.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", _readable(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{indent}{key}:", *(f"{indent}  {json.dumps(row, ensure_ascii=False)}" for row in value)]
        else:
            lines.append(f"{indent}{key}: {value}")
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command; what it returns has `run`, to be called with itself."""
    parser = argparse.ArgumentParser(prog="python -m lab", description="From a sound to firmware, headless.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (
        learning.demo, sounds.data, sounds.project, sounds.features, learning.train, learning.optimize,
        shipping.audit, shipping.compiled, shipping.infer, shipping.emulate, measuring.evaluate, measuring.bench,
        people.person, serving.worker, serving.track, serving.backup, serving.restore,
        hosting.workshop,
    ):  # fmt: skip
        add(commands)
    return parser
