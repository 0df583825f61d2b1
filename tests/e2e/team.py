"""compose.yaml as plain processes of this machine: its commands, environments, files and health checks.

What a container would bring is brought otherwise: names of services become ports of the loopback, PostgreSQL, coturn
and nginx are Debian's, and the S3 server is moto's, because Garage is no package of Debian's or Python's.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import trustme

from tests import compose, servers
from tests.compose import ROOT
from tests.servers import end, free_port, wait_for

sys.path.insert(0, str(ROOT / "scripts"))
import dockerfile

HOST = "lab.example"  # not localhost, which Streamlit always lets in
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NEEDED = {
    "nginx": NGINX, "coturn": shutil.which("turnserver"), "postgresql": servers.POSTGRES,
}  # fmt: skip
LACKS = [name for name, found in NEEDED.items() if not found]
READY_S = 180.0
IMAGE_ONLY = ("PATH", "HOME", "XDG_CACHE_HOME", "STREAMLIT_SERVER_ADDRESS")
"""Of the image's environment, what this machine has of its own: a cache of compiled parts, and its loopback."""


@dataclass
class Team:
    """A running instance.

    Attributes:
        folder: of its files and logs.
        ports: by name, on the loopback.
        parts: its processes, by service.
        environments: what each was started with.
    """

    folder: Path
    ports: dict[str, int]
    services: dict
    database: str = ""
    parts: dict[str, subprocess.Popen] = field(default_factory=dict)
    environments: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Return its LAB_HOME."""
        return self.folder / "data" / "lab"

    @property
    def url(self) -> str:
        """Return the address that people open."""
        return f"https://{HOST}:{self.ports['tls']}"

    def here(self, text: str, service: str) -> str:
        """Return a part of the compose file as it reads on this machine."""
        known = {
            "@postgres:5432/lab": self.database, "store:3900": self._at("store"),
            "scheduler:8786": self._at("scheduler"),
            f"{HOST}:3478": self._at("turn"), "127.0.0.1:8787": self._at(f"{service}-health"),
            "/data": str(self.folder / "data"), "/run/lab": str(self.folder / "secrets"),
            "/etc/coturn": str(self.folder),
        }  # fmt: skip
        text = re.sub(r"^(?:3478|8786|8787)$", lambda match: str(self._port(match[0], service)), text)
        for name, place in known.items():
            text = text.replace(name, place)
        return text

    def _port(self, fixed: str, service: str) -> int:
        return self.ports[{"3478": "turn", "8786": "scheduler", "8787": f"{service}-health"}[fixed]]

    def _at(self, name: str) -> str:
        return f"127.0.0.1:{self.ports[name]}" if name in self.ports else name

    def command(self, service: str) -> list[str]:
        """Return a service's command."""
        program, *arguments = [self.here(word, service) for word in self.services[service]["command"]]
        if program == "streamlit":
            return [sys.executable, "-m", "streamlit", *arguments]
        return [sys.executable if program == "python" else program, *arguments]

    def environment(self, service: str) -> dict[str, str]:
        """Return what a service's container would have in its environment, on top of this machine's."""
        *_, last = dockerfile.stages((ROOT / "Dockerfile").read_text("utf-8"))
        image = dict(word.split("=", 1) for step in last.steps if step.name == "ENV" for word in step.words)
        given = {name: value for name, value in image.items() if name not in IMAGE_ONLY}
        given |= self.services[service].get("environment") or {}
        return {**os.environ, **{name: self.here(str(value), service) for name, value in given.items()}}

    def start(self, service: str, *more: str, **environment: str) -> None:
        """Start a service of the lab's own image."""
        self.environments[service] = self.environment(service) | environment
        self.run(service, [*self.command(service), *more], env=self.environments[service])

    def run(self, name: str, command: list, **options) -> None:
        """Start a process; what it says goes to a file."""
        with (self.folder / f"{name}.log").open("ab") as told:
            self.parts[name] = subprocess.Popen(
                list(map(str, command)), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=told, stderr=told, **options
            )

    def is_healthy(self, service: str) -> bool:
        """Run a service's own health check."""
        _, program, *arguments = [self.here(word, service) for word in self.services[service]["healthcheck"]["test"]]
        if service == "proxy":
            arguments = [word.replace("127.0.0.1/", f"127.0.0.1:{self.ports['tls']}/") for word in arguments]
        command = [sys.executable if program == "python" else program, *arguments]
        return not subprocess.run(command, cwd=ROOT, env=self.environments.get(service), capture_output=True).returncode

    def wait_healthy(self, *names: str) -> None:
        """Wait until services say that they are well."""
        deadline = time.monotonic() + READY_S
        for name in names:
            while not self.is_healthy(name):
                log = self.folder / f"{name}.log"
                assert time.monotonic() < deadline, f"{name} is not well: {log.read_text()[-3000:]}"
                time.sleep(0.3)

    def bucket(self):
        """Return the bucket that the lab keeps its files in."""
        given = self.environments["worker"]
        store = boto3.resource(
            "s3", endpoint_url=given["AWS_ENDPOINT_URL"], region_name=given["AWS_DEFAULT_REGION"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"], aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        )  # fmt: skip
        return store.Bucket(self.services["store"]["environment"]["GARAGE_DEFAULT_BUCKET"])


NAMES = ("app-a", "app-b", "tls", "plain", "store", "scheduler", "scheduler-health", "dask-worker-health", "turn")


@contextlib.contextmanager
def running(folder: Path):
    """Run the whole team; yield it."""
    services = compose.read(compose.filled_in(HOST))["services"]
    with servers.postgresql() as postgresql:
        team = Team(folder, {name: free_port() for name in NAMES}, services)
        team.database = postgresql.database().partition("lab")[2]
        (folder / "data").mkdir()
        try:
            _start_all(team)
            yield team
        finally:
            for part in team.parts.values():
                part.terminate()
            for part in team.parts.values():
                end(part)


def _start_all(team: Team) -> None:
    """Start everything at once, as a machine does that was switched on, then wait until all are well."""
    team.run("store", [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", team.ports["store"]])
    (team.folder / "turnserver.conf").write_text(_turn_conf(team), "utf-8")
    team.run("coturn", ["turnserver", *team.command("coturn")])
    team.start("scheduler", "--host", "127.0.0.1")
    team.start("dask-worker", "--host", "127.0.0.1")
    team.start("worker")
    for name in ("app-a", "app-b"):
        team.start(name, STREAMLIT_SERVER_PORT=str(team.ports[name]), STREAMLIT_SERVER_ADDRESS="127.0.0.1")
    wait_for(team.ports["store"], team.parts["store"], READY_S)
    team.bucket().create(CreateBucketConfiguration={"LocationConstraint": "garage"})
    _start_proxy(team)
    team.wait_healthy(*(name for name in team.services if name not in ("postgres", "store")))


def _start_proxy(team: Team) -> None:
    certificate = trustme.CA().issue_cert(HOST)
    certificate.private_key_pem.write_to_path(team.folder / "privkey.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(team.folder / "fullchain.pem", append=True)
    team.run("proxy", [NGINX, "-c", _nginx_conf(team), "-p", team.folder, "-g", "daemon off;"])
    wait_for(team.ports["tls"], team.parts["proxy"], READY_S)


def _turn_conf(team: Team) -> str:
    """Return deploy/turnserver.conf with ports of this machine, on the loopback, where the app is as well."""
    changes = {
        "listening-port=3478": f"listening-port={team.ports['turn']}\nlistening-ip=127.0.0.1\nrelay-ip=127.0.0.1",
        "=/tmp/": f"={team.folder}/",
        "log-file=stdout": f"log-file={team.folder}/coturn.log\nverbose",
        "allowed-peer-ip=172.30.77.0-172.30.77.255": "allowed-peer-ip=127.0.0.1\nallow-loopback-peers",
    }
    return _changed(ROOT / "deploy" / "turnserver.conf", changes)


def _nginx_conf(team: Team) -> Path:
    """Write deploy/nginx.conf with ports of this machine; return the file."""
    tls, plain = team.ports["tls"], team.ports["plain"]
    changes = {
        "listen [::]:80;": "", "listen [::]:443 ssl http2;": "",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{tls} ssl http2;",
        "https://$host$request_uri": f"https://$host:{tls}$request_uri",
        "app-a:8501": team._at("app-a"), "app-b:8501": team._at("app-b"),
        "/etc/nginx/certificates/": f"{team.folder}/", "/tmp/nginx": f"{team.folder}/nginx",
    }  # fmt: skip
    path = team.folder / "nginx.conf"
    path.write_text(_changed(ROOT / "deploy" / "nginx.conf", changes), "utf-8")
    return path


def _changed(path: Path, changes: dict[str, str]) -> str:
    text = path.read_text("utf-8")
    for old, new in changes.items():
        assert old in text, f"{path.name} no longer says {old!r}"
        text = text.replace(old, new)
    return text
