"""Debian and Ubuntu packages, where this person may install them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path

LOCK_WAIT_S = 600
POLICY = Path("/usr/sbin/policy-rc.d")
"""What Debian's packages ask before they start a service; 101 forbids it."""


def install(names: list[str], asleep: bool = False) -> bool:
    """Install packages; returns whether that worked. Nothing asks for a password.

    Args:
        names: of packages.
        asleep: start none of their services, named as they are, now or when the machine starts.
    """
    if privilege() is None or not shutil.which("apt-get"):
        return False
    refresh()
    with _nothing_starts(names) if asleep else nullcontext():
        return _apt(["install", "--yes", "--no-install-recommends", *names])


@contextmanager
def _nothing_starts(names: list[str]) -> Iterator[None]:
    """Forbid services to start while their packages come in, then take them off the machine's list."""
    mine = not POLICY.exists()
    if mine:
        _as_root("sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}")
    try:
        yield
    finally:
        if mine:
            _as_root("rm", "-f", str(POLICY))
        if shutil.which("systemctl"):
            _as_root("systemctl", "disable", *names)


@lru_cache(maxsize=1)
def refresh() -> bool:
    """Fetch the package lists, once a run."""
    return _apt(["update"])


@lru_cache(maxsize=1)
def privilege() -> tuple[str, ...] | None:
    """Return what goes before apt-get: nothing for root, sudo where it asks no password, or None."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ("sudo", "-n")
    return None


def available(name: str) -> bool:
    """Whether the distribution has a package."""
    if not shutil.which("apt-cache"):
        return False
    if privilege() is not None:
        refresh()
    said = subprocess.run(["apt-cache", "policy", name], capture_output=True, text=True).stdout
    return "Candidate:" in said and "Candidate: (none)" not in said


def how(names: list[str]) -> str:
    """Return the sentence that tells how to get packages by hand."""
    return f"Run `sudo apt-get install {' '.join(names)}`, then the same command again."


def _apt(arguments: list[str]) -> bool:
    silent = ["env", "DEBIAN_FRONTEND=noninteractive"]  # sudo passes no environment on
    command = [*(privilege() or ()), *silent, "apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_S}", *arguments]
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0


def _as_root(*command: str) -> None:
    subprocess.run([*(privilege() or ()), *command], stdin=subprocess.DEVNULL, capture_output=True)
