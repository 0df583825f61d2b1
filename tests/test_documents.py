"""What the README and the pages in docs/ say is so: settings, links, licences."""

import ast
import json
import re
import sys

import pytest

from lab import __version__
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import third_party

README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted((ROOT / "docs").glob("*.md"))
THIRD = third_party.PAGE.read_text("utf-8")
OF_THE_SYSTEM = {"HOME", "LANG", "PATH", "PYTHONPATH", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME"}
OF_LIBRARIES = re.compile(r"(CUDA|KERAS|MLFLOW|OPENBLAS|OMP|STREAMLIT|TF)_\w+")
"""Set for, or told by, a library; those that a person may set have a row all the same."""
FOLDERS = ("lab", "pages", "deploy")


def documented():
    section = README.split("## Configure")[1].split("\n## ")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}


def constants(node):
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def is_a_setting(word):
    return bool(re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", word))


def read_by(path):
    """Return the variables that a module asks the environment for: named where it does, or anywhere if ours."""
    tree = ast.parse(path.read_text("utf-8"))
    if path.name == "settings.py":
        return set(filter(is_a_setting, constants(tree)))
    ours = {word for word in constants(tree) if re.fullmatch(r"LAB_[A-Z_]+", word)}
    return ours | {
        word
        for node in ast.walk(tree)
        if isinstance(node, (ast.Call, ast.Subscript))
        and "environ" in ast.unparse(node.func if isinstance(node, ast.Call) else node.value)
        for word in constants(node)
        if is_a_setting(word)
    }


def test_every_setting_that_the_lab_reads_has_a_row_in_the_readme():
    files = [*(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))), ROOT / "streamlit_app.py"]
    read = set().union(*map(read_by, files))
    assert {"LAB_HOME", "DATABASE_URL", "PICO_SDK_PATH"} <= read
    missing = {name for name in read - documented() - OF_THE_SYSTEM if not OF_LIBRARIES.fullmatch(name)}
    assert not missing, f"README's table of settings lacks {missing}"


def test_every_row_of_settings_in_the_readme_is_one_that_is_read():
    files = [path for folder in (*FOLDERS, "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
    known = set().union(*(constants(ast.parse(path.read_text("utf-8"))) for path in files if path.name != __file__))
    assert documented() - known == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path):
    text = path.read_text("utf-8")
    places = re.findall(r"\]\((?!https?:|mailto:)([^)#]+)(?:#[^)]*)?\)", text)
    assert [place for place in places if not (path.parent / place).exists()] == []


def test_the_readme_leads_to_every_page():
    linked = set(re.findall(r"\((docs/\w+\.md|[A-Z]+\.md)\)", README))
    assert {path.relative_to(ROOT).as_posix() for path in PAGES} - {"README.md"} <= linked


def test_third_parties_are_the_packages_that_are_pinned_with_the_licences_that_they_tell():
    assert third_party.page(THIRD) == THIRD, "run scripts/third_party.py"
    assert len(third_party.table().splitlines()) > 100


def test_no_python_package_has_a_licence_that_binds_what_it_is_used_with():
    rows = dict(row.strip("| ").split(" | ") for row in third_party.table().splitlines())
    assert {name: told for name, told in rows.items() if re.search(r"(?<!L)GPL", told)} == {}


def test_third_parties_name_all_that_firmware_links():
    cmake = (ROOT / "firmware" / "CMakeLists.txt").read_text("utf-8")
    linked = {
        word for line in re.findall(r"target_link_libraries\(\S+ PRIVATE ([^)]+)\)", cmake) for word in line.split()
    }
    named = set(re.findall(r"`(\w+_)\*`", THIRD))
    assert linked
    assert all(word.startswith(tuple(named)) for word in linked)


def test_third_parties_name_all_that_the_virtual_board_is_made_of():
    told = json.loads((ROOT / "firmware" / "virtual_board" / "package.json").read_text("utf-8"))
    for name in (*told["dependencies"], *told["devDependencies"]):
        assert f"| {name} |" in THIRD


def test_one_version_is_told_everywhere():
    compose = (ROOT / "compose.yaml").read_text("utf-8")
    told = {
        re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)[1],
        re.search(r"^LAB_VERSION=(.*)$", (ROOT / "deploy" / "lab.env.example").read_text("utf-8"), re.M)[1],
        *re.findall(r"LAB_VERSION:-([^}]*)", compose),
    }
    assert told == {__version__}
