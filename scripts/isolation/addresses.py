"""Doors of HTTP: sounds, downloads, uploads, files by path, and what a server tells programs."""

from collections.abc import Iterator
from urllib.parse import quote

from lab.workspace.store import Store
from scripts.isolation.caller import Caller
from scripts.isolation.report import Report, told
from scripts.isolation.things import Things

OPEN = (200, 201, 204, 206, 304)
PROGRAMS = (
    "/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/interact", "/_stcore/agent/mcp",
    "/_stcore/health", "/_stcore/host-config", "/_stcore/script-health-check", "/_stcore/message", "/metrics",
    "/healthz", "/_stcore/metrics?families=active_sessions", "/app/static/", "/component/", "/_stcore/bidi-components/",
)  # fmt: skip
SHUT = ("/_stcore/metrics", "/_stcore/agent")
BOUNDARY = "crawl"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
SENT = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="f.wav"\r\n\r\nX\r\n--{BOUNDARY}--\r\n'


async def media(caller: Caller, owner: Caller, everybodys: set[str], report: Report) -> None:
    """Ask for each file that the owner's pages named, in every way; the owner gets it, which shows that it is there.

    Args:
        caller: who asks.
        owner: whose page it is.
        everybodys: addresses of what comes with the lab, which pages of people who have nothing name, too.
        report: is told.
    """
    for address in sorted(owner.names.media - everybodys):
        status, whole = await owner.ask("GET", address)
        assert status == 200, f"{address}: the owner themselves got {status}"
        for spelled in _spelled(address):
            for method, more in (("GET", {}), ("GET", {"Range": "bytes=0-9"}), ("HEAD", {})):
                status, data = await caller.ask(method, spelled, **more)
                is_it = data and data in (whole, whole[:10])
                report.tried(
                    "media", f"{method} {spelled}", is_it or (spelled == address and status in OPEN and status)
                )


def _spelled(address: str) -> Iterator[str]:
    """Yield an address in the spellings that a server may take for it."""
    name = address.removeprefix("/media/")
    yield from (
        address, f"/{address}", f"/media//{name}", f"/./media/{name}", f"/x/../media/{name}", f"/%6dedia/{name}",
        f"/media%2F{name}", f"/media/{name.partition('.')[0]}", f"{address}?session=1", f"/MEDIA/{name}",
    )  # fmt: skip


async def uploads(caller: Caller, owner: Caller, report: Report) -> None:
    """Put, replace and delete at the addresses that were given to the owner's page."""
    for state in owner.states.values():
        for file in state.file_uploader_state_value.uploaded_file_info:
            for method, address in (
                ("PUT", file.file_urls.upload_url), ("POST", file.file_urls.upload_url),
                ("GET", file.file_urls.upload_url), ("DELETE", file.file_urls.delete_url),
            ):  # fmt: skip
                status, _ = await caller.ask(method, address, SENT.encode(), **FORM)
                report.tried("upload", f"{method} {address}", status in OPEN and status)


async def programs(caller: Caller, things: Things, report: Report) -> None:
    """Ask for what is there for programs."""
    for address in PROGRAMS:
        for method in ("GET", "POST"):
            status, data = await caller.ask(method, address)
            leaked = told(data, things) or (address.startswith(SHUT) and status in OPEN and status)
            report.tried("program", f"{method} {address}", leaked)


async def files(caller: Caller, whole: Store, things: Things, report: Report) -> None:
    """Ask for each file by its hash and by its path, with as many ways up as there are."""
    home = whole.config.home
    staged = things.staged.relative_to(home)
    found = {f"artifacts/{each[:2]}/{each}": whole.files.get(each) for each in things.files}
    found |= {str(staged): things.staged.read_bytes()}
    for path, content in found.items():
        name = path.rpartition("/")[2]
        for address in (
            f"/media/{name}", f"/media/{name}.wav", f"/{path}", f"/static/{path}", f"/app/static/{path}",
            f"/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..{quote(str(home / path))}",
            f"/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e{home / path}", f"/component/x/..{home / path}",
            f"/component/streamlit_webrtc.component.webrtc_streamer/..%2f..%2f..%2f..{quote(str(home / path))}",
            f"/_stcore/bidi-components/lab_live/..%2f..%2f..%2f..{quote(str(home / path))}", f"//{home / path}",
        ):  # fmt: skip
            _, data = await caller.ask("GET", address)
            report.tried("file", address, data == content)
