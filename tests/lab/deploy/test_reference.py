from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lab.deploy.prepared import prepared_detector
from lab.deploy.reference import ReferenceModel


def test_several_threads_get_the_answers_of_one():
    model = ReferenceModel(prepared_detector().model)
    windows = np.random.default_rng(2).integers(-128, 128, (200, 31, 32, 1), dtype=np.int8)
    alone = model.run(windows)
    with ThreadPoolExecutor(4) as threads:
        assert all(np.array_equal(alone, each) for each in threads.map(lambda _: model.run(windows), range(12)))
