"""A root folder that steps of a Dockerfile run in: layers by overlayfs, commands by chroot.

Only for root, in namespaces of its own: nothing here is unmounted.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import dockerfile

LENT = "/run/lent"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PASSED_ON = ("pip_", "uv_", "npm_config_", "http_proxy", "https_proxy", "no_proxy")


@dataclass
class Root:
    """One stage.

    Attributes:
        folder: where it is mounted.
        layers: what it is made of, newest first.
        environment, user, workdir: as the steps so far have set them.
        before: what goes before each command.
    """

    folder: Path
    layers: list[Path]
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    workdir: str = "/"
    before: tuple[str, ...] = ()

    def run(
        self, command: Sequence[str], extra: Mapping[str, str] | None = None, stdout: int | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start a command in the root, as its user, with its environment and no other."""
        path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        given = [f"{key}={value}" for key, value in (path | self.environment | dict(extra or {})).items()]
        here = ["sh", "-c", 'cd "$0" && exec "$@"', self.workdir, *command]
        as_user = [] if self.user == "root" else [f"--userspec={self.user}:{self.user}", "--groups="]
        command = [*self.before, "chroot", *as_user, str(self.folder), "/usr/bin/env", "-i", *given, *here]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout)


def stack(folder: Path, below: Sequence[Path]) -> Root:
    """Mount a fresh layer above others; /proc, /dev and /run are there too."""
    upper, work, merged = (folder / name for name in ("layer", "work", "root"))
    for each in (upper, work, merged):
        each.mkdir(parents=True)
    lower = ":".join(map(str, below))
    _mount("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", merged)
    _mount("-t", "proc", "proc", merged / "proc")
    _mount("--rbind", "/dev", merged / "dev")
    _mount("-t", "tmpfs", "tmpfs", merged / "run")
    return Root(merged, [upper, *below])


def lend_network(root: Root, packages: Path) -> dict[str, str]:
    """Give a root the way to the package indexes that this machine is configured for; none of it becomes part of it.

    Returns:
        What its commands need in their environment.
    """
    lent = root.folder / LENT.lstrip("/")
    (lent / "archives" / "partial").mkdir(parents=True)
    (packages / "partial").mkdir(parents=True, exist_ok=True)
    _mount("--bind", packages, lent / "archives")
    (lent / "apt.conf").write_text(
        f'Dir::Cache::archives "{LENT}/archives";\nAPT::Keep-Downloaded-Packages "true";\nAPT::Sandbox::User "root";\n'
    )
    shutil.copy(CERTIFICATES, lent / "certificates.crt")
    for name in ("/etc/resolv.conf", "/etc/hosts"):
        shutil.copy(name, lent / Path(name).name)
        target = root.folder / name.lstrip("/")
        target.touch()
        _mount("--bind", lent / Path(name).name, target)
    bundle = f"{LENT}/certificates.crt"
    trust = dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"), bundle)
    passed = {key: value for key, value in os.environ.items() if key.lower().startswith(PASSED_ON)}
    return {**passed, **trust, "APT_CONFIG": f"{LENT}/apt.conf"}


def copy(step: dockerfile.Step, root: Root, source: Path, patterns: list[str]) -> None:
    """Do a COPY: files as they are, of a folder what is in it."""
    *names, target = step.words
    into = root.folder / str(PurePosixPath(root.workdir) / target).lstrip("/")
    for name in names:
        path = source / name.lstrip("/")
        if path.is_dir():
            left_out = _left_out(source, patterns)
            shutil.copytree(path, into, symlinks=True, dirs_exist_ok=True, ignore=left_out)
        else:
            to_folder = target.endswith("/") or into.is_dir()
            (into if to_folder else into.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, into / path.name if to_folder else into)


def _left_out(source: Path, patterns: list[str]):  # type: ignore[no-untyped-def]
    def which(folder: str, names: list[str]) -> list[str]:
        here = PurePosixPath(Path(folder).relative_to(source).as_posix())
        return [name for name in names if dockerfile.ignored(here / name, patterns)]

    return which


def size_bytes(layer: Path) -> int:
    """Return what the files of a layer take, each hard link once."""
    said = subprocess.run(["du", "-sx", "--apparent-size", "--block-size=1", layer], capture_output=True, check=True)
    return int(said.stdout.split()[0])


def read_only(root: Root, volume: str, kept: Path) -> None:
    """Make a root as `docker run --read-only --tmpfs /tmp -v kept:volume` does; a new volume begins as in the image."""
    shutil.rmtree(kept, ignore_errors=True)
    subprocess.run(["cp", "-a", root.folder / volume.lstrip("/"), kept], check=True)
    _mount("--bind", kept, root.folder / volume.lstrip("/"))
    _mount("-t", "tmpfs", "tmpfs", root.folder / "tmp", "-o", "mode=1777,noexec,nosuid,nodev")  # Docker's own options
    _mount("-o", "remount,ro", root.folder)


def cut_off(root: Root) -> None:
    """Give what runs in a root from now on a network of its own: the loopback and nothing else."""
    holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    root.before = ("nsenter", f"--net=/proc/{holder.pid}/ns/net")


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)
