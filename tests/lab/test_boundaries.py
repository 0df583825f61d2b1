"""The walls between the rooms, read from the import statements themselves."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["sound", "learn", "optimize", "deploy", "study"]
ENTRIES = {None, "cli"}
"""What people start; it may use every room."""
FILES = sorted((ROOT / "lab").rglob("*.py"))


def imports(path, top_level_only=False):
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(path):
    parts = path.relative_to(ROOT / "lab").parts
    return parts[0] if len(parts) > 1 else None


def users(package, *folders):
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {
        path.relative_to(ROOT).as_posix()
        for path in files
        if any(name == package or name.startswith(package + ".") for name in imports(path))
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_room_imports_only_rooms_before_it(path):
    room = room_of(path)
    if room in ENTRIES:
        return
    allowed = set(ROOMS[: ROOMS.index(room) + 1]) | {"workspace"} if room in ROOMS else {"workspace"}
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "lab" and len(parts) > 1 and parts[1] in {*ROOMS, "workspace"}:
            assert parts[1] in allowed, f"{room} imports {name}"


def test_lab_never_imports_streamlit():
    assert users("streamlit", "lab") == set()


def test_tensorflow_is_never_imported_at_module_level():
    for path in [*FILES, *sorted((ROOT / "pages").rglob("*.py"))]:
        heavy = {name.split(".")[0] for name in imports(path, top_level_only=True)}
        assert not heavy & {"tensorflow", "tf_keras", "keras", "tensorflow_model_optimization"}, path


def test_only_techniques_uses_the_optimization_toolkit():
    found = users("tensorflow_model_optimization", "lab", "pages")
    assert all(name.startswith("lab/optimize/techniques") for name in found)


def test_only_the_ui_adapter_imports_streamlit_webrtc():
    assert all(name.startswith("pages/ui/") for name in users("streamlit_webrtc", "lab", "pages"))


def test_the_firmware_core_includes_no_pico_header():
    core = ROOT / "firmware" / "core"
    for path in [*core.rglob("*.c"), *core.rglob("*.h")]:
        for line in path.read_text().splitlines():
            if line.lstrip().startswith("#include"):
                assert not re.search(r"(pico|hardware|tusb)", line), f"{path.name}: {line}"


def test_importing_the_lab_brings_no_heavy_library():
    code = "import sys, lab, lab.cli; print(sorted({m.split('.')[0] for m in sys.modules}))"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for heavy in ("tensorflow", "tf_keras", "streamlit", "pandas", "distributed", "sqlalchemy"):
        assert f"'{heavy}'" not in out


WHOLE = {
    "pages/ui/session.py", "pages/ui/sharing.py", "pages/server/places.py", "pages/server/joining.py",
    "pages/server/telling.py", "pages/ui/guiding.py", "pages/ui/presenting.py", "pages/ui/consenting.py",
    "pages/ui/yours.py", "pages/server/warming.py",
}  # fmt: skip
"""Those who may hold the whole store: each asks who is here, and what they may, by itself; warming is over before
anybody comes."""


def test_pages_have_no_store_but_the_persons_own():
    """Each statement and file of a page passes one person's rules: what lies beyond is out of reach."""
    paths = [path for path in sorted((ROOT / "pages").rglob("*.py")) if path.relative_to(ROOT).as_posix() not in WHOLE]
    for path in paths:
        found = imports(path)
        assert not {name for name in found if name.rpartition(".")[2] in ("open_store", "store_of", "Store")}, path
        assert not {name for name in found if name.startswith(("sqlalchemy", "lab.workspace.store.guard"))}, path
        reached = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert not reached & {"engine", "files", "beyond", "_whole", "session_of"}, path


def test_tasks_have_the_store_of_who_asked():
    for path in sorted((ROOT / "lab" / "study").rglob("task*.py")):
        assert not {name for name in imports(path) if name.rpartition(".")[2] in ("open_store", "store_of")}, path
