"""A team's set-up, who works on it, and who kills its parts."""

import asyncio
import collections
import contextlib
import json
import os
import random
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psycopg

from lab.errors import LabError
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.workspace import jobs
from lab.workspace.daemon import running_pid
from lab.workspace.settings import settings
from lab.workspace.store import Job, open_store
from scripts.chaos.parts import Part, python
from scripts.chaos.visitor import Visit
from tests import servers

PAUSE_S = (2.0, 8.0)
"""Between two kills."""
FIRST_S, END_S = 300.0, 420.0
OPEN_JOBS, SLOTS, TRIES = 3, 2, 60
PAGES = ("record", "sounds", "train", "firmware")
KINDS = ("worker", "scheduler", "cluster", "app", "database", "turn")


@dataclass
class Life:
    """What was last heard of an open job."""

    signs: Any = None
    since: float = field(default_factory=time.monotonic)
    longest_s: float = 0.0

    def look(self, signs: Any) -> None:
        """Compare with what was seen before."""
        if signs != self.signs:
            self.signs, self.since = signs, time.monotonic()
        self.longest_s = max(self.longest_s, time.monotonic() - self.since)


class Instance:
    """A team's whole set-up, its people, and who kills.

    Args:
        folder: of everything.
        database: the server whose connections are cut.
    """

    def __init__(self, folder: Path, database: servers.PostgreSQL) -> None:
        self.folder, self.database = folder, database
        self.kills: collections.Counter[str] = collections.Counter()
        self.served: dict[int, Life] = collections.defaultdict(Life)
        self.moved: dict[int, Life] = collections.defaultdict(Life)
        self.visits = self.visit_errors = 0
        self.page_errors: list[str] = []
        self._over = threading.Event()
        self.store = open_store()
        self.project = self.store.project("Chaos").id
        self._fill()
        self.parts = self._parts()

    def _parts(self) -> dict[str, Part]:
        config, env = settings(), dict(os.environ)
        address = config.dask_scheduler
        port = address.rpartition(":")[2]
        self.app_port = servers.free_port()
        common = ["--host", "127.0.0.1", "--no-dashboard"]
        commands = {
            "scheduler": python("distributed.cli.dask_scheduler", *common, "--port", port),
            "cluster-1": python("distributed.cli.dask_worker", address, *common, "--nthreads", "1",
                                "--resources", "arm-toolchain=1 memory=8e9"),
            "cluster-2": python("distributed.cli.dask_worker", address, *common, "--nthreads", "1",
                                "--resources", "memory=8e9"),
            "worker": python("lab", "worker"),
            "app": python("streamlit", "run", "streamlit_app.py", "--server.headless=true",
                          f"--server.port={self.app_port}"),
            "recorder": python("scripts.chaos.recorder", str(self.project), str(self.folder / "confirmed.jsonl")),
        }  # fmt: skip
        if relay := shutil.which("turnserver"):
            turn = os.environ["LAB_TURN_URL"].split(":")[2].partition("?")[0]
            commands["turn"] = [
                relay, "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={turn}",
                "--lt-cred-mech", "--user=lab:lab", "--realm=lab", "--no-tls", "--no-dtls", "--no-cli",
                "--allow-loopback-peers", f"--pidfile={self.folder / 'turn.pid'}", "--log-file=stdout",
            ]  # fmt: skip
        find = {"worker": lambda: running_pid(config.home)}
        return {
            name: Part(name, command, env, self.folder / f"{name}.log", find.get(name))
            for name, command in commands.items()
        }

    def _fill(self) -> None:
        noise = np.random.default_rng(1)
        for number in range(24):
            label = ("alarm", "not_alarm")[number % 2]
            samples = noise.integers(-8_000, 8_000, 32_000).astype(np.int16)
            wav = wav_bytes(Clip(samples, label, f"{label}-{number // 2}"))
            self.store.add_clip(self.project, wav, f"{number}.wav", label, f"{label}-{number // 2}", 2.0, 0.25)
        from lab.deploy.prepared import prepared_detector

        self.detector = self.store.put_artifact("detector", "p.detector", prepared_detector().to_bytes()).sha256

    # -- people

    def run(self, kills: int, chance: random.Random) -> None:
        """Work and kill, then let everything come to its end."""
        people = [
            threading.Thread(target=self._visit, daemon=True),
            threading.Thread(target=self._supervise, daemon=True),
        ]
        for each in people:
            each.start()
        self._until(
            lambda: self.confirmed() and self._finished(), FIRST_S, chance
        )  # everything works once before it breaks
        for _ in range(kills):
            self._work(chance.uniform(*PAUSE_S), chance)
            self._kill(chance)
        self._until(lambda: False, 5.0, chance)
        self._until(lambda: not self._open(), END_S, None)
        self._over.set()
        for each in people:
            each.join(90)

    def _work(self, seconds: float, chance: random.Random | None) -> None:
        self._until(lambda: False, seconds, chance)

    def _until(self, condition: Any, limit_s: float, chance: random.Random | None) -> None:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            with contextlib.suppress(LabError):  # the database is away: people try again
                if chance:
                    self._ask(chance)
                self._look()
                if condition():
                    return
            time.sleep(0.5)

    def _ask(self, chance: random.Random) -> None:
        """Keep a few jobs open, as people do."""
        if len(self._open()) >= OPEN_JOBS:
            return
        task, args = chance.choice([
            ("lab.study.tasks:teach", {"project_id": self.project, "detector": self.detector}),
            ("lab.study.tasks:compile_firmware", {"detector": self.detector, "board": "pico"}),
            ("lab.study.tasks:train_baseline", {"project_id": self.project, "epochs": 1}),
        ])  # fmt: skip
        jobs.submit(self.store, task, {**args, "seed": chance.randrange(10**6)}, self.project)

    def _open(self) -> list[Job]:
        return [row for row in jobs.jobs(self.store, self.project, 10_000) if row.state in jobs.OPEN_STATES]

    def _finished(self) -> bool:
        return any(row.state == jobs.DONE for row in jobs.jobs(self.store, self.project, 10_000))

    def confirmed(self) -> list[dict[str, Any]]:
        path = self.folder / "confirmed.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def _look(self) -> None:
        """Note signs of life of every open job: a worker's word, and a step forward; a turn behind others is both."""
        rows = self._open()
        busy = sum(row.state == jobs.RUNNING for row in rows) >= SLOTS
        for row in rows:
            waits = time.monotonic() if busy and row.state == jobs.QUEUED else None
            step = (row.state, row.attempts, row.message, row.done, waits)
            self.served[row.id].look((step, row.heartbeat))
            self.moved[row.id].look(step)

    def _visit(self) -> None:
        while not self._over.is_set():
            visit = Visit(f"http://127.0.0.1:{self.app_port}")
            try:
                asyncio.run(visit.walk(PAGES, 20, 0.5))
            except AssertionError as error:
                self.page_errors.append(str(error))
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.visit_errors += 1
                time.sleep(0.5)
            self.visits += visit.runs

    # -- who kills, and who starts again

    def _supervise(self) -> None:
        while not self._over.is_set():
            for part in self.parts.values():
                part.keep()
            time.sleep(0.2)

    def _kill(self, chance: random.Random) -> None:
        kind = chance.choice([kind for kind in KINDS if kind != "turn" or "turn" in self.parts])
        self.kills[kind] += 1
        if kind == "database":
            self._cut(chance)
        elif kind == "cluster":
            self.parts[f"cluster-{chance.choice((1, 2))}"].kill(whole=chance.random() < 0.5)
        elif kind == "app":
            self.parts["app"].kill()
            self.parts["recorder"].kill()
        else:
            self.parts[kind].kill()

    def _cut(self, chance: random.Random) -> None:
        """End every connection, or the whole server as a power cut would."""
        if chance.random() < 0.3:
            self.database.restart()
            return
        name = settings().database_url.rpartition("/")[2]
        for _ in range(TRIES):
            with contextlib.suppress(psycopg.OperationalError):  # it is still starting after the last cut
                self.database.run(
                    "postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
                )
                return
            time.sleep(0.5)

    def close(self) -> None:
        """End everything."""
        self._over.set()
        time.sleep(0.5)
        for part in self.parts.values():
            part.kill()
        self.store.engine.dispose()
