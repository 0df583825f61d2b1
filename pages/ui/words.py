"""Numbers as people read them."""

HOP_CYCLES = 4_000_000
"""Cycles of one hop: 32 ms at 125 MHz."""


def duration(seconds: float) -> str:
    """Return 8 s, 1 min 5 s or 2 h 3 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def minutes(seconds: float) -> str:
    """Return a wait as people glance at it: under a minute, 4 min, 1 h 5 min."""
    return "under a minute" if seconds < 60 else duration(60 * (seconds // 60))


def size(count: float | None) -> str:
    """Return a number of bytes as B, KB or MB (powers of 1024)."""
    if count is None:
        return "–"
    if count < 1024:
        return f"{count:.0f} B"
    return f"{count / 1024:.1f} KB" if count < 2**20 else f"{count / 2**20:.1f} MB"


def percent(share: float | None, digits: int = 1) -> str:
    """Return 97.3 %, or a dash for nothing."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def number(value: float | None, digits: int = 1) -> str:
    """Return a plain number, or a dash for nothing."""
    return "–" if value is None else f"{value:,.{digits}f}"


def cycles(count: float | None) -> str:
    """Return cycles in thousands or millions."""
    if count is None:
        return "–"
    return f"{count / 1e6:.2f} M" if count >= 1e6 else f"{count / 1e3:.0f} k"


def count_of(n: int, thing: str) -> str:
    """Return 1 sound, 3 sounds."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def model(name: str) -> str:
    """Return a walked model's name for people: "alarm (default)" is the fire alarm detector on its features."""
    return name.replace("alarm (", "Fire alarm detector (") if name.startswith("alarm (") else name
