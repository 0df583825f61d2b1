"""One program for all filters of a layer, which reads their weights as bytes: slower than immediates, and smaller.

Weights are read as w + 128, for want of a load of signed bytes at a constant
place. So lanes hold 128 times the sum of the words too much. That may
overflow, but what overflows is a multiple of 2^32: when lanes are emptied
128 times the words' sum is taken off, and what is left is within its bounds.
"""

import numpy as np
from numpy.typing import NDArray

from lab.deploy.compiler.lanes import LANES, WORK, Output, finish, keep_lanes
from lab.deploy.compiler.thumb import Program

_WORD, _TOTAL = "r1", "r6"
_OFFSET, _OFFSET_BITS = 128, 7


def shared_program(
    name: str, groups: list[list[dict[int, int]]], limit: int, pooled: bool
) -> tuple[Program, NDArray[np.uint8]]:
    """Return the program of every group of outputs, and their weights plus 128, (groups, bytes).

    Args:
        name: of the C function.
        groups: for each group of as many outputs, up to three, the weights by the word they multiply.
        limit: as `Codes.weight_limit`.
        pooled: keep only the greater lane of each output, instead of both.
    """
    read = sorted({place for group in groups for output in group for place in output})
    table = np.array([[[output.get(place, 0) for output in group] for place in read] for group in groups], np.int64)
    table = table.reshape(len(groups), len(read), -1)
    program = Program(name)
    outputs = [Output(place) for place in range(len(groups[0]))]
    ends = _ends(np.abs(table), limit)
    for at, place in enumerate(read):
        program.move_to(place)
        program.load([_WORD])
        is_first = at == 0 or at in ends
        if at in ends:
            _level(program, len(outputs))
            for output in outputs:
                keep_lanes(program, output)
        if is_first:
            program.emit(f"movs {_TOTAL}, {_WORD}", f"{_TOTAL} = {_WORD};")
        else:
            program.add(_TOTAL, _TOTAL, _WORD)
        for number, output in enumerate(outputs):
            target = output.lanes if is_first else WORK
            program.weigh(target, _WORD, at * len(outputs) + number)
            if not is_first:
                program.add(output.lanes, output.lanes, WORK)
            output.is_started = True
    if read:
        _level(program, len(outputs))
    program.rewind_weights()
    program.fetch_sums()
    finish(program, outputs, pooled)
    program.keep_sums()
    return program, (table + _OFFSET).astype(np.uint8).reshape(len(groups), -1)


def _level(program: Program, count: int) -> None:
    """Take off what 128 in every weight adds."""
    program.times(_TOTAL, _TOTAL, 1 << _OFFSET_BITS)
    for lanes in LANES[:count]:
        program.add(lanes, lanes, _TOTAL, -1)


def _ends(sizes: NDArray[np.int64], limit: int) -> set[int]:
    """Return before which words every lane is emptied: where one's weights would sum to more than the limit."""
    ends: set[int] = set()
    totals = np.zeros(sizes.shape[::2], np.int64)
    for at in range(sizes.shape[1]):
        totals += sizes[:, at]
        if totals.max() > limit:
            ends.add(at)
            totals = sizes[:, at].copy()
    return ends
