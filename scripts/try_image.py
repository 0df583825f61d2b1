"""Runs every step of the Dockerfile for real where no Docker is, then the image: app, worker, a firmware.

    sudo python3 scripts/try_image.py FOLDER

In a Debian root made by debootstrap, stage by stage, in namespaces of its own, so nothing of it outlives the command.
Then the last stage runs as Docker would run it: read-only but for its volume and /tmp, as its plain user. It has no
network then but its own loopback.
FOLDER keeps the fetched packages and the base for the next time (about 10 GB). Prints one JSON object.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import dockerfile
import image_root
import pico_sdk
from image_root import Root

ROOT = Path(__file__).resolve().parents[1]
INSIDE = "TRY_IMAGE_INSIDE"
HEALTHY_S, STEP_S, BUILD_S = 120.0, 3600, 600
GOAL_BYTES = 4 * 10**9


def main() -> int:
    """Do it in namespaces of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--context", type=Path, default=ROOT, help="what COPY copies from; by default this checkout")
    given = parser.parse_args()
    missing = [tool for tool in ("debootstrap", "unshare", "chroot", "ip") if not shutil.which(tool)]
    if missing or os.geteuid() != 0:
        print(f"error: this needs root{' and ' + ', '.join(missing) if missing else ''}", file=sys.stderr)
        return 2
    if INSIDE not in os.environ:
        own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
        return subprocess.run([*own, sys.executable, *sys.argv], env={**os.environ, INSIDE: "1"}).returncode
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    report = {}
    base = debian(folder)
    began = time.monotonic()
    stages = dockerfile.stages((given.context / "Dockerfile").read_text())
    last = build(stages, folder, base, given.context.resolve())
    report["build_s"] = round(time.monotonic() - began)
    sizes = [image_root.size_bytes(layer) for layer in reversed(last.layers)]
    report |= {"layers_bytes": sizes, "size_bytes": sum(sizes), "goal_bytes": GOAL_BYTES}
    report |= serve(last, stages[-1], folder / "volume")
    print(json.dumps(report, indent=2))
    return 0


def debian(folder: Path) -> Path:
    """Return a root of Debian trixie, made once, from the mirror that this machine is configured for."""
    base = folder / "base"
    if not (base / "etc" / "debian_version").exists() or (base / "debootstrap").exists():
        shutil.rmtree(base, ignore_errors=True)
        mirror = pico_sdk.debian_mirror(pico_sdk.SOURCES)
        kept = folder / "debootstrap"
        kept.mkdir(exist_ok=True)
        command = ["debootstrap", "--variant=minbase", f"--cache-dir={kept}", pico_sdk.SUITE, str(base)]
        subprocess.run([*command, *([mirror] if mirror else [])], check=True, stdout=sys.stderr)
        shutil.rmtree(base / "var" / "cache" / "apt" / "archives")
    return base


def build(stages: list[dockerfile.Stage], folder: Path, base: Path, context: Path) -> Root:
    """Run all stages; return the last."""
    done: dict[str, Root] = {}
    patterns = dockerfile.ignore_patterns((context / ".dockerignore").read_text())
    shutil.rmtree(folder / "stages", ignore_errors=True)
    for number, stage in enumerate(stages):
        parent = done.get(stage.base)
        root = image_root.stack(folder / "stages" / str(number), parent.layers if parent else [base])
        root.environment = dict(parent.environment) if parent else {}
        root.workdir = parent.workdir if parent else "/"
        lent = image_root.lend_network(root, folder / "packages")
        for step in stage.steps:
            print(f"== {stage.name or 'image'}: line {step.line}: {step.name}", file=sys.stderr, flush=True)
            take(step, root, done, context, patterns, lent)
        done[stage.name] = root
    return done[stages[-1].name]


def take(
    step: dockerfile.Step, root: Root, done: dict[str, Root], context: Path, patterns: list[str], lent: dict[str, str]
) -> None:
    """Take one step."""
    if step.name == "RUN":
        wait(root.run(["sh", "-c", step.words[0]], lent, sys.stderr.fileno()), STEP_S)
    elif step.name == "COPY":
        other = step.options.get("from")
        image_root.copy(step, root, done[other].folder if other else context, [] if other else patterns)
    elif step.name == "ENV":
        root.environment |= dict(word.split("=", 1) for word in step.words)
    elif step.name == "USER":
        root.user = step.words[0]
    elif step.name == "WORKDIR":
        root.workdir = step.words[0]
        (root.folder / root.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)


def wait(process: "subprocess.Popen[bytes]", limit_s: float) -> None:
    """Wait for a command.

    Raises:
        SystemExit: it failed or took too long.
    """
    code = process.wait(limit_s)
    if code:
        raise SystemExit(f"error: a command in the image ended with {code}; see above")


def serve(root: Root, stage: dockerfile.Stage, volume: Path) -> dict[str, object]:
    """Run the image as Docker would, with no network; return what was seen."""
    said = {step.name: step.words for step in stage.steps}
    image_root.read_only(root, said["VOLUME"][0], volume)
    image_root.cut_off(root)
    app, worker = root.run(said["CMD"]), root.run(["python", "-m", "lab", "worker"])
    try:
        began = time.monotonic()
        while healthy(root, said["HEALTHCHECK"]) is False:
            if app.poll() is not None or time.monotonic() - began > HEALTHY_S:
                raise SystemExit("error: the app never became healthy; see above")
            time.sleep(0.5)
        healthy_s = time.monotonic() - began
        if not healthy(root, (*said["HEALTHCHECK"], "worker")):
            raise SystemExit("error: the worker does not serve; see above")
        dask = scheduled(root, said["HEALTHCHECK"])
        compile_s = timed(root, ["python", "-m", "lab", "compile", "lab/deploy/prepared.detector", "--out", "/tmp/fw"])
        uf2 = sorted((root.folder / "tmp" / "fw").glob("*.uf2"))
        return {
            "healthy_s": round(healthy_s, 1), "worker": "serves", "dask": dask, "compile_s": round(compile_s, 1),
            "uf2_bytes": uf2[0].stat().st_size, "python": said_by(root, "python --version"),
            "user": said_by(root, "id -un"),
            "root_is_read_only": said_by(root, "touch /app/x 2>/dev/null || echo yes") == "yes",
            "python_bytes": image_root.size_bytes(root.folder / "opt" / "venv"),
        }  # fmt: skip
    finally:
        for process in (app, worker):
            process.terminate()
        for process in (app, worker):
            process.wait(60)


def scheduled(root: Root, health: tuple[str, ...]) -> str:
    """Run a Dask scheduler and a worker as compose.yaml does; return what their health checks say."""
    common = ["--host", "127.0.0.1", "--no-dashboard", "--dashboard-address"]
    parts = [
        root.run(["python", "-m", "dask", "scheduler", "--port", "8786", *common, "127.0.0.1:8787"]),
        root.run(["python", "-m", "dask", "worker", "tcp://127.0.0.1:8786", "--local-directory", "/tmp", *common,
                  "127.0.0.1:8788"]),
    ]  # fmt: skip
    try:
        until = time.monotonic() + HEALTHY_S
        while not all(healthy(root, (*health, "dask", port)) for port in ("8787", "8788")):
            if time.monotonic() > until:
                raise SystemExit("error: the Dask scheduler or its worker never became healthy; see above")
            time.sleep(0.5)
        return "serves"
    finally:
        for part in reversed(parts):
            part.terminate()
            part.wait(60)


def healthy(root: Root, command: tuple[str, ...]) -> bool:
    """Run a health check."""
    return root.run(command).wait(BUILD_S) == 0


def timed(root: Root, command: list[str]) -> float:
    """Run a command; return how long it took, in seconds."""
    began = time.monotonic()
    wait(root.run(command), BUILD_S)
    return time.monotonic() - began


def said_by(root: Root, line: str) -> str:
    """Return what a line of shell prints in the image."""
    with root.run(["sh", "-c", line], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        return process.stdout.read().decode().strip()


if __name__ == "__main__":
    sys.exit(main())
