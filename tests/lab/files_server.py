"""A web server on the loopback with one file, which fails as real ones do."""

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Plan:
    """What the server holds, and how it misbehaves.

    Attributes:
        data: the file.
        etag: of it; empty for none.
        ranges: whether it sends a rest when asked to.
        tells_length: else the end of the connection is the end of the file.
        cuts: for each request in turn, after so many bytes of its answer the connection breaks; None does not.
        status: answers with it instead.
        location: redirects there.
        asked: the headers of each request.
    """

    data: bytes
    etag: str = '"one"'
    ranges: bool = True
    tells_length: bool = True
    cuts: list = field(default_factory=list)
    status: int = 0
    location: str = ""
    asked: list = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers by the server's plan."""

    def do_GET(self):
        plan = self.server.plan
        plan.asked.append(dict(self.headers))
        if plan.status:
            self.send_response(plan.status)
            if plan.location:
                self.send_header("Location", plan.location)
            self.end_headers()
            return
        start = self._start(plan)
        body = plan.data[start:]
        self.send_response(206 if start else 200)
        if plan.tells_length:
            self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(plan.data) - 1}/{len(plan.data)}")
        if plan.etag:
            self.send_header("ETag", plan.etag)
        self.end_headers()
        cut = plan.cuts.pop(0) if plan.cuts else None
        with contextlib.suppress(OSError):
            self.wfile.write(body[:cut])
        self.close_connection = True

    def _start(self, plan):
        asked = self.headers.get("Range", "")
        wanted = self.headers.get("If-Range", plan.etag)
        if not plan.ranges or not asked or wanted != plan.etag:
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def serving(plan):
    """Serve a plan; yield the file's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.plan = plan
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/data.bin"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
