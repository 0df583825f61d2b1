"""Where this machine can be found from the room."""

import ipaddress
import socket

import psutil

LOOPBACK = "127.0.0.1"


def lan_addresses() -> tuple[str, ...]:
    """Return this machine's addresses that a laptop in the room may use: private IPv4 first, then other IPv4.

    Those of interfaces that are down, of containers' bridges and of the loopback are left out.
    """
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    found = [
        each.address
        for name, addresses in psutil.net_if_addrs().items()
        if name in up and not name.startswith(("docker", "br-", "veth", "virbr"))
        for each in addresses
        if each.family == socket.AF_INET
    ]
    real = [ipaddress.ip_address(each) for each in found]
    kept = [each for each in real if not each.is_loopback and not each.is_link_local]
    return tuple(str(each) for each in sorted(kept, key=lambda each: (not each.is_private, int(each))))


def host_names() -> tuple[str, ...]:
    """Return the names under which the room may know this machine."""
    name = socket.gethostname().split(".")[0].lower()
    plain = "".join(letter for letter in name if letter.isalnum() or letter == "-").strip("-")
    return (plain, f"{plain}.local") if plain else ()


def free_port(first: int, host: str, many: int = 50) -> int:
    """Return the first port from `first` on that this machine may listen on at an address."""
    for port in range(first, first + many):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    return first
