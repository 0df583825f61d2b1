import numpy as np
import pytest

from lab.sound.features import DEFAULT, PUBLISHED, hop_rows
from lab.sound.features.stream import RowStream


@pytest.mark.parametrize("spec", [DEFAULT, PUBLISHED, DEFAULT.but(pool_frames=2)])
def test_a_stream_in_pieces_gives_the_rows_of_the_whole(spec):
    rng = np.random.default_rng(5)
    samples = rng.integers(-9_000, 9_000, 20_000).astype(np.int16)
    stream, parts, start = RowStream(spec), [], 0
    while start < len(samples):
        count = int(rng.integers(1, 1_700))
        parts.append(stream.push(samples[start : start + count]))
        start += count
    assert np.array_equal(np.concatenate(parts), hop_rows(samples, spec))
