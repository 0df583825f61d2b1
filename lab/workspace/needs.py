"""What jobs need of the process that runs them, by task: a cluster whose workers declare such resources routes by it.

`dask worker ADDRESS --resources "GPU=1 arm-toolchain=1 memory=8e9"` declares them. A need counts from when any worker
of the cluster has declared that resource; a cluster that declares nothing gets every job anywhere.
"""

from collections.abc import Iterable, Mapping

from lab.errors import LabError

GPU, TOOLCHAIN, MEMORY = "GPU", "arm-toolchain", "memory"
MB = 2.0**20
_TRAINS = {GPU: 1.0, MEMORY: 2_000 * MB}
_COMPILES = {TOOLCHAIN: 1.0, MEMORY: 500 * MB}

NEEDS: dict[str, dict[str, float]] = {
    "lab.study.tasks:demo": {**_TRAINS, TOOLCHAIN: 1.0},
    "lab.study.tasks:train_baseline": _TRAINS,
    "lab.study.tasks:finetune": _TRAINS,
    "lab.study.tasks:measure_leaks": _TRAINS,
    "lab.study.tasks:compile_firmware": _COMPILES,
    "lab.study.tasks:compile_app": _COMPILES,
    "lab.study.tree.task:optimize": {GPU: 1.0, MEMORY: 3_000 * MB},
    "lab.study.tree.task:find": {GPU: 1.0, MEMORY: 3_000 * MB},
}
"""Memory in bytes, of processes on their own; tasks that are not named need nothing."""


class Unfit(LabError):
    """No worker of the cluster can run a job."""

    def __init__(self, needs: Mapping[str, float], workers: Iterable[Mapping[str, float]]) -> None:
        have = "; ".join(_listed(worker) or "nothing" for worker in workers)
        super().__init__(
            f"No worker of the cluster can run this: one with {_listed(needs)} is needed, and they declare {have}. "
            "Start a Dask worker with such --resources."
        )


class Gone(Unfit):
    """No worker of the cluster can run a job now, but one that was there could: it may be back."""


def needed(task: str, declared: Iterable[str]) -> dict[str, float]:
    """Return what a task needs among the resources that a cluster's workers have ever declared."""
    known = set(declared)
    return {name: amount for name, amount in NEEDS.get(task, {}).items() if name in known}


def check_fits(
    needs: Mapping[str, float], workers: Iterable[Mapping[str, float]], seen: Iterable[Mapping[str, float]] = ()
) -> None:
    """Refuse a job that no worker can run, busy or not; a cluster without any worker may yet get one.

    Args:
        needs: of the job.
        workers: what those that are there declare.
        seen: what those that were ever there declared.

    Raises:
        Unfit: says what is needed and what there is; `Gone` where one that was there would do.
    """
    there = list(workers)
    if there and not _fits(needs, there):
        raise (Gone if _fits(needs, seen) else Unfit)(needs, there)


def _fits(needs: Mapping[str, float], workers: Iterable[Mapping[str, float]]) -> bool:
    return any(all(worker.get(name, 0.0) >= amount for name, amount in needs.items()) for worker in workers)


def _listed(resources: Mapping[str, float]) -> str:
    def amount(name: str, value: float) -> str:
        return f"{value / MB:.0f} MB" if name == MEMORY else f"{value:g}"

    return ", ".join(f"{name} {amount(name, value)}" for name, value in sorted(resources.items()))
