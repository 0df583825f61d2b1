"""Where each tensor lives: one arena, shared by tensors that are not alive together."""

from dataclasses import dataclass

from lab.deploy.compiler.step import Step
from lab.deploy.tflite import Graph

ALIGNMENT = 4


@dataclass(frozen=True, slots=True)
class Arena:
    """Offsets in bytes of each tensor and of each step's work memory."""

    size_bytes: int
    tensors: dict[int, int]
    scratch: dict[int, int]


@dataclass(slots=True)
class _Block:
    size: int
    start: int
    end: int
    offset: int = -1


def plan(graph: Graph, steps: list[Step], firsts: tuple[int, ...], lasts: tuple[int, ...]) -> Arena:
    """Place every tensor by best fit over lifetimes, the largest first, in place where that is safe.

    Args:
        graph: for the sizes.
        steps: in running order.
        firsts: the inputs' tensors, alive from the start.
        lasts: the outputs' tensors, alive to the end.
    """
    roots = _roots(steps, firsts, lasts)
    blocks: dict[int, _Block] = {roots[first]: _Block(0, -1, -1) for first in firsts}
    for number, step in enumerate(steps):
        for index in (*step.reads, step.writes):
            block = blocks.setdefault(roots[index], _Block(0, number, number))
            block.size = max(block.size, graph.tensors[index].size)
            block.end = number
    for first in firsts:
        blocks[roots[first]].size = max(blocks[roots[first]].size, graph.tensors[first].size)
    for last in lasts:
        blocks[roots[last]].end = len(steps)
    scratch = {n: _Block(step.scratch_bytes, n, n) for n, step in enumerate(steps) if step.scratch_bytes}
    size = _place([*blocks.values(), *scratch.values()])
    offsets = {index: blocks[root].offset for index, root in roots.items()}
    return Arena(size, offsets, {number: block.offset for number, block in scratch.items()})


def _roots(steps: list[Step], firsts: tuple[int, ...], lasts: tuple[int, ...]) -> dict[int, int]:
    """Return for each tensor the one whose memory it takes: itself, or the one it is made from."""
    alias = {first: first for first in firsts}
    for step in steps:
        alias.setdefault(step.writes, alias[step.reads[0]] if not step.kernel else step.writes)
    ends = {alias[last]: len(steps) for last in lasts}
    for number, step in enumerate(steps):
        for index in step.reads:
            ends[alias[index]] = max(ends.get(alias[index], 0), number)
    merged = {root: root for root in alias.values()}
    for number, step in enumerate(steps):
        if not step.kernel or not step.in_place:
            continue
        source, target = alias[step.reads[0]], alias[step.writes]
        if ends[source] == number and source != target:
            # Whoever shares the source's memory is done with it too.
            owner = merged[source]
            if all(ends.get(root, 0) <= number for root, top in merged.items() if top == owner):
                merged[target] = owner
    return {index: merged[root] for index, root in alias.items()}


def _place(blocks: list[_Block]) -> int:
    for block in sorted(blocks, key=lambda block: (-block.size, block.start)):
        taken = sorted(
            (other.offset, other.offset + _aligned(other.size))
            for other in blocks
            if other.offset >= 0 and other.start <= block.end and block.start <= other.end
        )
        block.offset = _best_gap(taken, _aligned(block.size))
    return max((block.offset + _aligned(block.size) for block in blocks), default=0)


def _best_gap(taken: list[tuple[int, int]], size: int) -> int:
    """Return the start of the smallest hole that holds size, or of the free end."""
    best, best_room, free = -1, 0, 0
    for start, end in taken:
        room = start - free
        if room >= size and (best < 0 or room < best_room):
            best, best_room = free, room
        free = max(free, end)
    return best if best >= 0 else free


def _aligned(size: int) -> int:
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
