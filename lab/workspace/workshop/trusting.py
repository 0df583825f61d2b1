"""The plain-http page of a workshop: how to trust its authority, system by system, or how to go on without."""

import http.server
import plistlib
import uuid
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from pathlib import Path
from ssl import PEM_cert_to_DER_cert

IDLE_S = 10.0
"""A connection that asks for nothing is closed."""
CERTIFICATE, PROFILE = "/authority.crt", "/authority.mobileconfig"
TEMPLATE = Path(__file__).with_name("trust.html")
STEPS = {
    "Windows": "Open the file, <b>Install Certificate</b>, <b>Current User</b>, <b>Place all certificates in the "
    "following store</b>: <b>Trusted Root Certification Authorities</b>. Restart the browser.",
    "macOS": "Open the file: Keychain Access opens. Find it under <b>login</b>, open it, unfold <b>Trust</b>, choose "
    "<b>Always Trust</b>. Restart the browser.",
    "Linux, Chrome or Edge": "Open <code>chrome://certificate-manager</code>, <b>Custom</b>, <b>Installed by you</b>, "
    "<b>Trusted Certificates</b>, <b>Import</b>.",
    "Firefox, everywhere": "Settings, search for <b>certificates</b>, <b>View Certificates</b>, <b>Authorities</b>, "
    "<b>Import</b>, tick <b>identify websites</b>.",
    "iPhone, iPad": "Take the profile instead of the file. Settings, <b>Profile Downloaded</b>, <b>Install</b>; then "
    "General, About, <b>Certificate Trust Settings</b>: switch it on.",
    "Android": "Settings, search for <b>CA certificate</b>, <b>Install anyway</b>, choose the file.",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """What the plain page tells.

    Attributes:
        certificate: file of the authority's, PEM.
        addresses: of this machine in the room.
        port: of the https pages.
        fingerprint: of the certificate, to compare by eye.
    """

    certificate: Path
    addresses: tuple[str, ...]
    port: int
    fingerprint: str

    def answer(self, path: str, host: str) -> tuple[int, str, bytes]:
        """Return (status, content type, body) of a path; `host` is the address that was asked."""
        if path == CERTIFICATE:
            return 200, "application/x-x509-ca-cert", self.certificate.read_bytes()
        if path == PROFILE:
            return 200, "application/x-apple-aspen-config", profile(self.certificate.read_text("ascii"))
        if path == "/":
            return 200, "text/html; charset=utf-8", self.page(host).encode()
        return 404, "text/plain; charset=utf-8", b"Not here."

    def page(self, host: str) -> str:
        """Return the page."""
        asked = host.rsplit(":", 1)[0]
        join = f"https://{asked if asked in self.addresses else self.addresses[0]}:{self.port}/join"
        steps = "".join(
            f"<details><summary>{escape(title)}</summary><p>{text}</p></details>" for title, text in STEPS.items()
        )
        text = TEMPLATE.read_text("utf-8")
        for mark, value in {"{steps}": steps, "{join}": escape(join), "{fingerprint}": self.fingerprint}.items():
            text = text.replace(mark, value)
        return text

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        """Return a handler of requests that answers with this."""
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            server_version, sys_version = "lab", ""
            timeout = IDLE_S

            def do_GET(self) -> None:
                status, kind, body = pages.answer(self.path.partition("?")[0], self.headers.get("Host", ""))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Content-Type-Options", "nosniff")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def profile(pem: str) -> bytes:
    """Return an Apple configuration profile that holds a certificate; the same certificate gives the same profile."""
    der = PEM_cert_to_DER_cert(pem)
    name = uuid.uuid5(uuid.NAMESPACE_URL, b64encode(der).decode())
    inner = {
        "PayloadType": "com.apple.security.root", "PayloadVersion": 1, "PayloadIdentifier": f"tinyml-lab.{name}.root",
        "PayloadUUID": str(uuid.uuid5(name, "root")), "PayloadDisplayName": "TinyML Lab workshop",
        "PayloadCertificateFileName": "authority.crt", "PayloadContent": der,
    }  # fmt: skip
    return plistlib.dumps({
        "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadIdentifier": f"tinyml-lab.{name}",
        "PayloadUUID": str(name), "PayloadDisplayName": "TinyML Lab workshop", "PayloadContent": [inner],
        "PayloadDescription": "Lets this device open the workshop's pages by https. Remove it afterwards.",
    })  # fmt: skip
