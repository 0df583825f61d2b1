"""A file from a server, fetched whole or not at all, and gone on with after a break.

What came so far lies beside the target as `NAME.part`, with a note of which version it is of. The next try
asks for the rest of that very version (Range with If-Range, RFC 9110); a server that has another one, or
cannot send a rest, sends all of it, and the part is begun anew.
"""

import hashlib
import http.client
import json
import os
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from lab.atomic import unwritable, write_bytes
from lab.errors import BadInput, LabError

BLOCK_BYTES = 2**18
TIMEOUT_S = 30.0
PAUSES_S = (1.0, 2.0, 4.0, 8.0)
"""Before each try that follows one without a new byte; then it gives up."""
MOST_TRIES = 100
AGAIN = {408, 425, 429, 500, 502, 503, 504}
"""Answers of a server that may be well in a moment."""
HEADERS = {"User-Agent": "tinyml-lab", "Accept-Encoding": "identity"}

OnBytes = Callable[[int, int | None], None]
"""Called with bytes that are here and, where it is known, in all; may raise to stop."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a part is a part of.

    Attributes:
        url: where it came from.
        validator: strong ETag, or else the date of its last change; empty where the server names neither.
        total: bytes in all; 0 where the server did not say.
    """

    url: str
    validator: str
    total: int


class _Broken(Exception):
    """The connection went away, or the server was not well; another try may help."""


class _Changed(Exception):
    """A rest came, and it is of another version than what is here."""


def part_of(path: Path) -> Path:
    """Return where the unfinished file lies."""
    return path.with_name(f"{path.name}.part")


def bytes_here(path: Path) -> int:
    """Return how much of a file is on disk, finished or not."""
    return max((each.stat().st_size for each in (path, part_of(path)) if each.exists()), default=0)


def discard(path: Path) -> None:
    """Delete a file, or what there is of it."""
    for each in (path, part_of(path), _note_of(path)):
        each.unlink(missing_ok=True)


def fetch(
    url: str, path: Path, most_bytes: int, sha256: str = "", check: Callable[[Path], None] | None = None,
    on_bytes: OnBytes = lambda here, total: None, pause: Callable[[float], None] = time.sleep,
) -> Path:  # fmt: skip
    """Fetch a file; one that is there already is left as it is.

    Args:
        url: http or https.
        path: where it shall lie.
        most_bytes: a longer one is refused.
        sha256: of the whole file, where its authors publish it.
        check: called with the finished file before it gets its name; raises what is wrong with it.
        on_bytes: called after each block.
        pause: waits some seconds between tries.

    Returns:
        path.

    Raises:
        LabError: no connection, the server refuses, the disk is full. What came so far stays for the next time.
        BadInput: it is not the file that it should be; nothing of it stays.
    """
    if path.exists():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    _fetch_part(url, path, most_bytes, bool(sha256), on_bytes, pause)
    try:
        _verify(part_of(path), urlsplit(url).netloc, sha256, check)
    except BadInput:
        discard(path)
        raise
    part_of(path).replace(path)
    _note_of(path).unlink(missing_ok=True)
    return path


def _fetch_part(
    url: str, path: Path, most_bytes: int, has_digest: bool, on_bytes: OnBytes, pause: Callable[[float], None]
) -> None:
    best, idle = bytes_here(path), 0
    for _ in range(MOST_TRIES):
        try:
            _try(url, path, most_bytes, has_digest, on_bytes)
        except _Broken as error:
            here = bytes_here(path)
            idle, best = (0, here) if here > best else (idle + 1, best)
            if idle > len(PAUSES_S) or not here:  # nothing at all came: say so at once
                raise LabError(f"{error}{_kept(path, has_digest)}") from error
            pause(PAUSES_S[max(0, idle - 1)])
        except _Changed:
            discard(path)
        else:
            return
    raise LabError(f"{_host(url)} broke the connection {MOST_TRIES} times.{_kept(path, has_digest)}")


def _try(url: str, path: Path, most_bytes: int, has_digest: bool, on_bytes: OnBytes) -> None:
    """Ask once, for the rest of what is here, and write what comes; raise _Broken where a rest is missing."""
    part, note = part_of(path), _read_note(path)
    here = part.stat().st_size if part.exists() else 0
    if here and not _can_go_on(note, url, has_digest):
        here = 0
    headers = dict(HEADERS)
    if here:
        headers["Range"] = f"bytes={here}-"
        if note and note.validator:
            headers["If-Range"] = note.validator
    try:
        with urllib.request.build_opener(_SameSafety).open(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S
        ) as answer:
            start, total = _place(answer, here, note)
            if total > most_bytes:
                raise BadInput(f"{_host(url)} offers {total} bytes where at most {most_bytes} were expected; refused.")
            with _open_part(path, start) as file:  # cut first: the note must never tell of a part that it is not of
                write_bytes(_note_of(path), json.dumps(asdict(Note(url, _validator(answer), total))).encode())
                here = _write(answer, path, file, start, total, most_bytes, on_bytes)
        _judge(path, here, total, most_bytes)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and here:
            if note and here == note.total:
                return  # all of it was here
            discard(path)
            raise _Broken(f"{_host(url)} has a shorter file than before.") from error
        says = f"{_host(url)} answered {error.code} ({_phrase(error.code)})"
        raise (_Broken(f"{says}.") if error.code in AGAIN else LabError(f"{says}: {url} cannot be had.")) from error
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise _broken(url, error) from error


def _can_go_on(note: Note | None, url: str, has_digest: bool) -> bool:
    """Whether a rest can be asked for: the version is named, or a digest will tell."""
    return note is not None and note.url == url and bool(note.validator or has_digest)


def _place(answer: Any, here: int, note: Note | None) -> tuple[int, int]:
    """Return where an answer begins in the file, and the file's length, 0 where that is not told."""
    length = int(answer.headers.get("Content-Length") or 0)
    if answer.status != http.HTTPStatus.PARTIAL_CONTENT:
        return 0, length
    unit, _, told = str(answer.headers.get("Content-Range", "")).partition(" ")
    places, _, whole = told.partition("/")
    if unit != "bytes" or places.split("-")[0] != str(here):
        raise LabError("The server sent another part of the file than was asked for; try again later.")
    total = int(whole) if whole.isdigit() else here + length
    if note and ((note.total and total != note.total) or _validator(answer) not in ("", note.validator)):
        raise _Changed
    return here, total


def _write(answer: Any, path: Path, file: IO[bytes], start: int, total: int, most_bytes: int, on_bytes: OnBytes) -> int:
    """Write what comes, block by block; return how much is here then."""
    here = start
    try:
        while here <= most_bytes and (block := _read(answer)):
            left = memoryview(block)
            while left:
                left = left[file.write(left) :]
            here += len(block)
            on_bytes(here, total or None)
        os.fsync(file.fileno())
    except OSError as error:
        kept = f" The first {bytes_here(path) / 2**20:.1f} MB are kept." if bytes_here(path) else ""
        raise LabError(f"{unwritable(part_of(path), error)}{kept}") from error
    return here


def _judge(path: Path, here: int, total: int, most_bytes: int) -> None:
    if here > most_bytes:
        discard(path)
        raise BadInput(f"The server sends more than the {most_bytes} bytes that were expected; it was refused.")
    if here < total:
        raise _Broken("The connection broke.")


def _read(answer: Any) -> bytes:
    try:
        return bytes(answer.read(BLOCK_BYTES))
    except (http.client.HTTPException, OSError) as error:
        raise _Broken("The connection broke.") from error


def _open_part(path: Path, start: int) -> IO[bytes]:
    try:
        file = part_of(path).open("r+b" if start else "wb", buffering=0)
        file.seek(start)
        file.truncate()
    except OSError as error:
        raise unwritable(part_of(path), error) from error
    return file


def _verify(part: Path, host: str, sha256: str, check: Callable[[Path], None] | None) -> None:
    if sha256:
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256:
            raise BadInput(
                f"What {host} sent is not the file that its authors published (SHA-256 {found[:12]}… instead of "
                f"{sha256[:12]}…); it was deleted. Try again, perhaps from another network."
            )
    if check is not None:
        check(part)


class _SameSafety(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but never from https to anything else."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        allowed = ("https",) if urlsplit(req.full_url).scheme == "https" else ("http", "https")
        if urlsplit(newurl).scheme not in allowed:
            raise LabError(f"{_host(req.full_url)} leads to {newurl[:80]!a}, which is not safe to follow.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _broken(url: str, error: Exception) -> Exception:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return LabError(f"{_host(url)} does not prove who it is ({reason.verify_message}); nothing was fetched.")
    if isinstance(reason, socket.gaierror | ConnectionRefusedError):
        return _Broken(f"{_host(url)} cannot be reached; is this computer online?")
    if isinstance(reason, TimeoutError):
        return _Broken(f"{_host(url)} sent nothing for {TIMEOUT_S:.0f} seconds.")
    return _Broken(f"The connection to {_host(url)} broke.")


def _kept(path: Path, has_digest: bool) -> str:
    here, note = bytes_here(path), _read_note(path)
    if not here or note is None:
        return ""
    if _can_go_on(note, note.url, has_digest):
        return f" The {here / 2**20:.1f} MB that came are kept: try again, and it goes on from there."
    return f" {here / 2**20:.1f} MB had come; this server cannot send a rest, so the next try begins anew."


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _phrase(code: int) -> str:
    return http.HTTPStatus(code).phrase if code in set(http.HTTPStatus) else "no such answer"


def _validator(answer: Any) -> str:
    """Return what names a version for If-Range: a strong ETag, or a date where there is no ETag at all."""
    tag = str(answer.headers.get("ETag") or "")
    return "" if tag.startswith("W/") else tag or str(answer.headers.get("Last-Modified") or "")


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part.json")


def _read_note(path: Path) -> Note | None:
    try:
        return Note(**json.loads(_note_of(path).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
