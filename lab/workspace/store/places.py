"""Where the store's files may lie: a folder of this machine, or any other place that fsspec reaches.

An object store's keys and address come by the variables that its own tools read: AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, or FSSPEC_S3_KEY, FSSPEC_S3_SECRET, FSSPEC_S3_ENDPOINT_URL.
"""

import contextlib
import errno
import logging
from collections.abc import Iterator
from typing import Any

import fsspec

from lab.errors import Away, BadInput, LabError

log = logging.getLogger(__name__)

WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "az", "memory"}
"""Places where a file appears whole or not at all, however it is written; moving it there would only copy it."""
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 4},
}  # fmt: skip
"""Seconds, and how often a request to S3 is tried; botocore waits longer each time."""
FULL = (errno.ENOSPC, errno.EDQUOT)


def opened(url: str) -> tuple[Any, str, bool]:
    """Return (filesystem, path of the store in it, whether files appear whole there).

    Raises:
        BadInput: an address that no installed filesystem understands.
    """
    scheme = url.partition("://")[0]
    try:
        fs, root = fsspec.core.url_to_fs(url, **_options(scheme))
    except (ImportError, ValueError) as error:
        raise BadInput(f"LAB_ARTIFACTS_URL cannot be used: {error}") from error
    return fs, str(root).rstrip("/"), scheme in WHOLE


def _options(scheme: str) -> dict[str, Any]:
    if scheme not in ("s3", "s3a"):
        return {}
    own = fsspec.config.conf.get("s3", {})
    # Other machines write there too: a listing that this process remembers may be wrong.
    return {"use_listings_cache": False} | ({} if "config_kwargs" in own else {"config_kwargs": PATIENCE})


@contextlib.contextmanager
def told(what: str, *passes: type[Exception]) -> Iterator[None]:
    """Turn whatever a place answers into one sentence.

    Args:
        what: what was tried, such as "The file could not be saved".
        passes: errors that the caller knows what to do with.

    Raises:
        LabError: that sentence; `Away` where the place does not answer.
    """
    try:
        yield
    except LabError:
        raise
    except OSError as error:
        if isinstance(error, passes):
            raise
        if error.errno in FULL:
            raise LabError("The disk is full: nothing was saved. Free some space and try again.") from error
        raise LabError(f"{what}: {error.strerror or _short(error)}.") from error
    except Exception as error:  # each place has its own errors for a network that is down
        log.warning("place=away error=%s", error)
        raise Away(
            f"{what}: the file store does not answer ({type(error).__name__}). Try again in a moment."
        ) from error


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
