"""The rehearsal: what works on this machine and its network, as rows with what to do where something does not."""

import os
import shutil
import ssl
import urllib.request
from typing import Any

from lab.workspace.daemon import running_pid
from lab.workspace.settings import Settings
from lab.workspace.workshop import state
from lab.workspace.workshop.addresses import lan_addresses
from lab.workspace.workshop.authority import CA_FILE

FREE_MB, MEMORY_MB, CORES = 2_000, 3_000, 2
TIMEOUT_S = 4.0
Row = dict[str, Any]


def check(config: Settings) -> list[Row]:
    """Return what was looked at: rows of {what, ok, found, fix}; `ok` is None where nothing is wrong or right."""
    rows = [_addresses(), *_reachable(config), _worker(config), _room_on_disk(config), _memory()]
    return [{**row, "fix": "" if row["ok"] else row["fix"]} for row in rows]


def _row(what: str, ok: bool | None, found: str, fix: str) -> Row:
    return {"what": what, "ok": ok, "found": found, "fix": fix}


def _addresses() -> Row:
    found = lan_addresses()
    return _row("This machine is on a network", bool(found), ", ".join(found) or "only itself",
                "Join the room’s Wi-Fi, or make one: a phone’s hotspot will do, without a SIM too.")  # fmt: skip


def _reachable(config: Settings) -> list[Row]:
    """Ask each address that the workshop tells people, as they would."""
    room = state.current(config.home)
    if room is None or room.is_over:
        return [_row("A workshop runs", False, "none", "Start it: make workshop.")]
    return [_asked(config, address) for address in room.addresses]


def _asked(config: Settings, address: str) -> Row:
    context = ssl.create_default_context()
    authority = state.folder(config.home) / "tls" / CA_FILE
    if authority.exists():
        context.load_verify_locations(authority)
    path = "/_stcore/health" if address.startswith("https://") or "localhost" in address else "/"
    try:
        with urllib.request.urlopen(address + path, timeout=TIMEOUT_S, context=context) as answer:
            ok, found = answer.status == 200, "answers"
    except OSError as error:
        ok, found = False, str(getattr(error, "reason", error))[:120]
    fix = "Let this port through this machine’s firewall; some guest networks keep laptops apart, then use a hotspot."
    return _row(f"{address} is reachable from here", ok, found, fix)


def _worker(config: Settings) -> Row:
    pid = running_pid(config.home)
    return _row("The worker is alive", pid is not None, f"process {pid}" if pid else "none runs",
                "Press any button that works for some seconds, such as Compile: it starts by itself.")  # fmt: skip


def _room_on_disk(config: Settings) -> Row:
    config.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(config.home).free // 2**20
    return _row(
        "Room on the disk", free >= FREE_MB, f"{free:,} MB free", f"Free some: forty people may need {FREE_MB:,} MB."
    )


def _memory() -> Row:
    import psutil

    free = int(psutil.virtual_memory().available) // 2**20
    cores = os.cpu_count() or 1
    return _row("Memory and cores", free >= MEMORY_MB and cores >= CORES, f"{free:,} MB free, {cores} cores",
                "Close other programs; forty people want two cores and three gigabytes.")  # fmt: skip
