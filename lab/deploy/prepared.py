"""The detectors that ship with the lab, so that nobody waits to begin.

Made from the embedded data alone, by the recipe of the demo with more of everything:
    python -m lab train default --thorough --out lab/deploy/prepared.detector
and, for comparison, with the article's features and network:
    python -m lab train default --spec published --out lab/deploy/prepared_published.detector
"""

from functools import lru_cache
from pathlib import Path

from lab.deploy.detector import Detector

PREPARED_FILE = Path(__file__).with_name("prepared.detector")
PUBLISHED_FILE = Path(__file__).with_name("prepared_published.detector")


@lru_cache(maxsize=1)
def prepared_detector() -> Detector:
    """Return the prepared fire-alarm detector.

    Raises:
        BadInput: the file is not in this copy.
    """
    return Detector.load(PREPARED_FILE)


@lru_cache(maxsize=1)
def published_detector() -> Detector:
    """Return a fire-alarm detector of the article's features and network, to compare with.

    Raises:
        BadInput: the file is not in this copy.
    """
    return Detector.load(PUBLISHED_FILE)
