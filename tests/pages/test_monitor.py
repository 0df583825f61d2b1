"""The monitor's pure modules, under Node."""

import subprocess

import pytest

from lab.deploy.emulator import node
from lab.errors import Missing
from tests.conftest import ROOT

TESTS = sorted((ROOT / "tests" / "pages" / "monitor").glob("*.test.mjs"))


def test_the_monitors_modules_pass_their_own_tests():
    try:
        program = node()
    except Missing as error:
        pytest.skip(str(error))
    command = [program, "--test", *map(str, TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4_000:]
    assert "# fail 0" in done.stdout
