"""Built models go to a folder of the test run, not to the user's cache."""

import shutil

import pytest


@pytest.fixture(scope="session")
def cache_of_this_run(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True, scope="module")
def _own_cache(cache_of_this_run):
    if shutil.which("cc") is None:
        pytest.skip("no C compiler (cc) on this machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache_of_this_run))
        yield
