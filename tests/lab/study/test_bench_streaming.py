"""The streaming bench: a minute instead of an hour."""

import shutil

import pytest

from lab.errors import BadInput
from lab.study.bench_streaming import streaming


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_minute_row_by_row_is_a_minute_window_by_window():
    told = []
    found = streaming({"minutes": 1}, lambda done, total, message: told.append((done, total)))
    assert (found["hops"], found["different"]) == (1_845, 0)
    assert found["codes"] > 20
    assert told == [(1, 1)]


def test_no_minute_at_all_is_refused():
    with pytest.raises(BadInput, match="at least one minute; -1 were"):
        streaming({"minutes": -1})
