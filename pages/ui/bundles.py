"""Components of many modules, bundled by esbuild when they are first drawn; bundles are kept in the user's cache."""

import hashlib
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from lab.atomic import write_bytes
from lab.deploy.emulator import node
from lab.errors import LabError, Missing
from lab.hostcc import cache_dir
from lab.sound.features.core import FIRMWARE

COMPONENTS = Path(__file__).resolve().parents[1] / "components"
VIRTUAL_BOARD = FIRMWARE / "virtual_board"
LIMIT_S = 60
PICO = "<!-- pico -->"
SCRIPT = """
import { build } from 'esbuild';
import { fastCore, workers } from './build.mjs';
const [entry, outfile] = process.argv.slice(1);
await build({ entryPoints: [entry], outfile, plugins: [fastCore, workers], bundle: true, format: 'esm',
  target: 'es2022', nodePaths: ['node_modules'], logLevel: 'error' });
"""


@cache
def component(name: str) -> tuple[str, str, str]:
    """Return a component's (html, css, js) for st.components.v2; js is one ES module made of NAME/main.mjs.

    Raises:
        Missing: Node or esbuild is not there.
        LabError: esbuild refused the modules.
    """
    html, css = markup(name)
    return html, css, _bundled(COMPONENTS / name / "main.mjs")


def markup(name: str) -> tuple[str, str]:
    """Return a component's (html, css); where its HTML asks for it, the drawn Pico is in both."""
    html, css = (_part(name, kind) for kind in ("html", "css"))
    if PICO not in html:
        return html, css
    return html.replace(PICO, _part("pico", "svg")), _part("pico", "css") + css


def _part(name: str, kind: str) -> str:
    return (COMPONENTS / name / f"{name}.{kind}").read_text("utf-8")


def _bundled(entry: Path) -> str:
    sources = sorted([*COMPONENTS.glob("*/*.mjs"), *VIRTUAL_BOARD.glob("*.mjs"), VIRTUAL_BOARD / "package-lock.json"])
    text = "\0".join([str(entry), *(f"{path.name}\0{path.read_text('utf-8')}" for path in sources)])
    kept = cache_dir() / "bundles" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.js"
    if not kept.exists():
        write_bytes(kept, _built(entry))
    return kept.read_text("utf-8")


def _built(entry: Path) -> bytes:
    program = node()
    if not (VIRTUAL_BOARD / "node_modules" / "esbuild").is_dir():
        raise Missing("The browser's parts cannot be bundled: esbuild is missing. Run `make setup`.")
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        out = Path(folder) / "bundle.js"
        command = [program, "--input-type=module", "-e", SCRIPT, str(entry), str(out)]
        try:
            done = subprocess.run(
                command, cwd=VIRTUAL_BOARD, capture_output=True, text=True, timeout=LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LabError(f"esbuild could not run: {error}.") from error
        if done.returncode or not out.exists():
            raise LabError(f"esbuild refused {entry.name}: {done.stderr.strip()[-500:]}")
        return out.read_bytes()
