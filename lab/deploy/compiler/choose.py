"""Which kernel each layer gets: the fastest, as long as all together fit; then those that give up least for a byte.

Cycles are weighed against bytes for the whole model, as a knapsack is packed
greedily: from the fastest kernels on, the layer whose next smaller kernel
costs the fewest cycles for a byte saved changes first; at the end what room
is left goes to the kernel that gains most.
"""

from dataclasses import dataclass, replace

from lab.deploy.compiler.chain import find_chain
from lab.deploy.compiler.fast import Refused, fast_steps
from lab.deploy.compiler.pooling import pooled
from lab.deploy.compiler.step import Layer, Step

READ_ONCE_BYTES = 2 * 1024
"""Weights from here on that an inference reads once may stay in flash."""
_PORTABLE_CYCLES = {False: (5.3, 40), True: (14.0, 0)}
"""Of portable kernels, roughly, beside codes: for a multiplication and for an output; False where not depthwise."""
_ROOM = 1.25
"""What a model gets whose smallest kernels, times this, take more than the flash asked for."""
_KEPT_SHARE = 0.3
"""Of an inference's cycles, about what a hop spends on a layer whose rows are kept, new windows' greatest included."""


@dataclass(frozen=True, slots=True)
class _Kernel:
    """A kernel that a layer can have: what it takes, and roughly the cycles that differ."""

    steps: tuple[Step, ...]
    flash_bytes: int
    code_bytes: int
    cycles: float


def accelerate(steps: list[Step], last: int, flash_bytes: int | None, streaming: bool, code_bytes: int) -> list[Step]:
    """Return the steps with the kernels chosen, each with the reason in `note`.

    Args:
        steps: with portable kernels, in running order.
        last: the model's output.
        flash_bytes: what weights and code of all layers shall take at most; a quarter more than the least possible
            where that is more.
        streaming: the first layers may run row by row.
        code_bytes: what all layers' code may take of SRAM, which it runs from.
    """
    steps = pooled(steps, last)
    kernels = _kernels(steps, False)
    if streaming:
        fastest = [part for options in kernels for part in options[0].steps]
        kernels = _kernels(steps, True, tuple(step.operator.index for _, step in find_chain(fastest)))
    if flash_bytes is not None:
        flash_bytes = max(flash_bytes, round(_ROOM * sum(options[-1].flash_bytes for options in kernels)))
    picks = _within(kernels, flash_bytes, code_bytes)
    made: list[Step] = []
    for options, pick in zip(kernels, picks, strict=True):
        made += _told(options, pick, flash_bytes, code_bytes)
    return made


def _kernels(steps: list[Step], streaming: bool, kept: tuple[int, ...] = ()) -> list[list[_Kernel]]:
    """Return each step's kernels, the fastest first."""
    ranges: dict[int, tuple[int, int]] = {}
    found: list[list[_Kernel]] = []
    for step in steps:
        before = ranges.get(step.reads[0], (-128, 127)) if step.reads else (-128, 127)
        if step.layer is None:
            if not step.kernel or step.kernel in ("max_pool_2d", "resize"):
                ranges[step.writes] = before
            found.append([_Kernel((step,), _flash_bytes((step,)), 0, 0)])
            continue
        ranges[step.writes] = step.layer.filters.limits[1:]
        is_kept = step.operator.index in kept
        fast = fast_steps(step, step.layer, before, is_kept)
        reason = fast.reason if isinstance(fast, Refused) else "no other fits"
        plain = _portable(step, reason)
        options = [] if isinstance(fast, Refused) else fast
        if streaming and not is_kept and not found:  # keeps sums, filter by filter
            options = [option for option in options if not (option.lanes or {}).get("is_shared")]
        share = _KEPT_SHARE if is_kept else 1.0
        every = [_Kernel((option,), _flash_bytes((option,)), option.code_bytes, share * option.cycles)
                 for option in options]  # fmt: skip
        if not (is_kept and options):  # rows are kept by kernels in lanes alone
            every.append(_Kernel(plain, _flash_bytes(plain), 0, _portable_cycles(step, step.layer)))
        found.append(_useful(every) if options else every)
    return found


def _useful(kernels: list[_Kernel]) -> list[_Kernel]:
    """Return the kernels, the fastest first, that are smaller than every faster one."""
    made: list[_Kernel] = []
    for kernel in sorted(kernels, key=lambda kernel: (kernel.cycles, kernel.flash_bytes)):
        if not made or kernel.flash_bytes < made[-1].flash_bytes:
            made.append(kernel)
    return made


def _portable(step: Step, reason: str) -> tuple[Step, ...]:
    assert step.layer is not None
    first, *rest = step.layer.plain or (step,)
    if step.layer.shape["out_height"] * step.layer.shape["out_width"] == 1:
        large = [replace(part, is_read_once=part.size_bytes >= READ_ONCE_BYTES) for part in first.constants]
        first = replace(first, constants=tuple(large))
    return (replace(first, note=f"portable kernel: {reason}"), *rest)


def _portable_cycles(step: Step, layer: Layer) -> float:
    a_mac, an_output = _PORTABLE_CYCLES[layer.is_depthwise]
    return a_mac * step.macs + an_output * len(layer.taps) * layer.shape["out_height"] * layer.shape["out_width"]


def _flash_bytes(steps: tuple[Step, ...]) -> int:
    return sum(step.code_bytes + sum(constant.size_bytes for constant in step.constants) for step in steps)


def _within(kernels: list[list[_Kernel]], flash_bytes: int | None, code_bytes: int) -> list[int]:
    """Return which kernel each layer gets."""
    picks = [0] * len(kernels)

    def fits(tried: list[int]) -> bool:
        chosen = [options[pick] for options, pick in zip(kernels, tried, strict=True)]
        flash, code = sum(kernel.flash_bytes for kernel in chosen), sum(kernel.code_bytes for kernel in chosen)
        return code <= code_bytes and (flash_bytes is None or flash <= flash_bytes)

    while not fits(picks):
        changes = [
            ((options[after].cycles - options[pick].cycles) / (options[pick].flash_bytes - options[after].flash_bytes),
             layer, after)
            for layer, (options, pick) in enumerate(zip(kernels, picks, strict=True))
            for after in range(pick + 1, len(options))
        ]  # fmt: skip
        if not changes:
            break
        _, layer, after = min(changes)
        picks[layer] = after
    while True:
        gains = [
            (options[pick].cycles - options[before].cycles, layer, before)
            for layer, (options, pick) in enumerate(zip(kernels, picks, strict=True))
            for before in range(pick)
            if fits([*picks[:layer], before, *picks[layer + 1 :]])
        ]
        if not gains or max(gains)[0] <= 0:
            return picks
        _, layer, before = max(gains)
        picks[layer] = before


def _told(options: list[_Kernel], pick: int, flash_bytes: int | None, code_bytes: int) -> tuple[Step, ...]:
    """Return the steps chosen; the note says what a faster kernel would have taken."""
    first, *rest = options[pick].steps
    if not pick:
        return options[pick].steps
    saved = options[0].flash_bytes - options[pick].flash_bytes
    more = round((options[pick].cycles - options[0].cycles) / 1000)
    limit = f"{flash_bytes} of flash" if flash_bytes is not None else f"{code_bytes} of SRAM"
    note = first.note.partition(": no other fits")[0]
    said = f"{note}: {saved} bytes less than the fastest for about {more} k cycles more, so that all fit {limit}"
    return (replace(first, note=said), *rest)
