"""Debian and Ubuntu packages, where this person may install them."""

import os
import shutil
import subprocess
from functools import lru_cache

LOCK_WAIT_S = 600


def install(names: list[str]) -> bool:
    """Install packages; returns whether that worked. Nothing asks for a password."""
    prefix = privilege()
    if prefix is None or not shutil.which("apt-get"):
        return False
    refresh()
    return _apt(["install", "--yes", "--no-install-recommends", *names])


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
    command = [*(privilege() or ()), "apt-get", "-q", "-o", f"DPkg::Lock::Timeout={LOCK_WAIT_S}", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL).returncode == 0
