"""Shared by all tests: a home of their own, and real data where it is."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def lab_home(tmp_path, monkeypatch):
    """Give each test a LAB_HOME of its own; the cache of compiled parts is shared."""
    home = tmp_path / "lab-home"
    monkeypatch.setenv("LAB_HOME", str(home))
    for name in ("DATABASE_URL", "LAB_ARTIFACTS_URL", "DASK_SCHEDULER_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="session")
def virtual_board():
    """Skip where firmware cannot be compiled or run."""
    from lab.deploy import emulator, toolchain
    from lab.errors import Missing

    try:
        toolchain.find_toolchain()
        emulator.available()
    except Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def real_data():
    """Return the folder of real recordings, or skip."""
    folder = os.environ.get("LAB_REAL_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("LAB_REAL_DATA does not point at the real recordings")
    return Path(folder).resolve()
