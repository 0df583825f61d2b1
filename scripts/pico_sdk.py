"""The Pico SDK where no distribution package is: Debian's own source packages, unpacked in the user's cache.

Fetched by apt with lists and a cache of their own, from the machine's own
Debian mirror, verified by Debian's keys; nothing is added to the system.
"""

import os
import re
import subprocess
from pathlib import Path

PACKAGE = "pico-sdk-source"
PACKAGES = (PACKAGE, "tinyusb-source")
SUITE = "trixie"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SYSTEM_PLACES = (Path("/usr/src/pico-sdk"), Path("/usr/share/pico-sdk"))
SOURCES = Path("/etc/apt")


class SdkError(Exception):
    """The SDK could not be fetched; says how a person gets it."""


def find(cache: Path) -> Path | None:
    """Return the SDK, as lab.deploy.toolchain looks for it."""
    given = os.environ.get("PICO_SDK_PATH", "")
    for place in (*([Path(given)] if given else []), *SYSTEM_PLACES, private_place(cache)):
        if (place / "pico_sdk_init.cmake").is_file():
            return place
    return None


def private_place(cache: Path) -> Path:
    """Return where the private copy lies."""
    return cache / "pico-sdk" / "root" / "usr" / "src" / "pico-sdk"


def install_private(cache: Path) -> None:
    """Fetch and unpack the source packages.

    Raises:
        SdkError: no Debian mirror is configured here, or it does not answer.
    """
    mirror = debian_mirror(SOURCES)
    if mirror is None or not KEYRING.exists():
        raise SdkError(
            "This machine has no Debian mirror to take the Pico SDK from; set PICO_SDK_PATH to a copy of it."
        )
    home = cache / "pico-sdk"
    environment = {**os.environ, "APT_CONFIG": str(write_config(home, mirror))}
    _apt(["update"], home, environment)
    downloads = home / "apt" / "cache"
    _apt(["download", *PACKAGES], downloads, environment)
    for package in sorted(downloads.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, home / "root"], check=True)


def write_config(home: Path, mirror: str) -> Path:
    """Write apt's settings for the private copy; return the file."""
    for folder in ("apt/lists/partial", "apt/cache/archives/partial", "apt/sources", "root"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "apt" / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE} main\n")
    config = home / "apt.conf"
    config.write_text(
        f'Dir::Etc::sourcelist "{home}/apt/sources.list";\n'
        f'Dir::Etc::sourceparts "{home}/apt/sources";\n'
        f'Dir::State::lists "{home}/apt/lists";\n'
        f'Dir::Cache "{home}/apt/cache";\n'
        'APT::Sandbox::User "root";\n'
    )
    return config


def debian_mirror(apt: Path) -> str | None:
    """Return the address of the Debian mirror that this machine is configured for, or None."""
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.suffix in (".list", ".sources") and path.is_file():
            found = _mirror_in(path.read_text(errors="replace"), path.suffix)
            if found:
                return found
    return None


def _mirror_in(text: str, suffix: str) -> str | None:
    if suffix == ".list":
        addresses = re.findall(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+\S+.*\bmain\b", text, re.MULTILINE)
    else:
        addresses = re.findall(r"^URIs:\s*(\S+)", text, re.MULTILINE)
    fit = [address for address in addresses if re.search(r"/debian/?$", address)]
    return fit[0] if fit else None


def _apt(arguments: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(["apt-get", "-q", *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SdkError("The Pico SDK could not be fetched from the Debian mirror; set PICO_SDK_PATH to a copy of it.")
