"""Which layers get straight-line code, and that code.

A layer's portable kernel is a loop over arrays of weights; its straight-line
code holds the weights as immediates, shares loads between filters, skips
zero weights and pools before it scales. It costs more flash, so the chooser
weighs cycles against bytes and says why.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from lab.deploy.compiler.filters import ONCE, Filters
from lab.deploy.compiler.fixed import Ints, clamp, requantize, requantize_once
from lab.deploy.compiler.lanes import OUTPUTS_AT_ONCE, Codes, lane_program
from lab.deploy.compiler.scaling import Scaling, find_scaling
from lab.deploy.compiler.step import Layer, Step
from lab.deploy.compiler.thumb import Program

MAX_CODE_BYTES = 40 * 1024
"""The most that one layer's code may take; all of it runs from SRAM."""
MAX_TOTAL_BYTES = 144 * 1024
"""The most that all layers' code may take, which leaves a third of SRAM to features, buffers and USB."""
MAX_ROWS_BYTES = 12 * 1024
"""What a depthwise layer's code may take for making several rows of outputs at once, before it makes fewer."""
BATCH_BYTES = 2_200
"""Work memory in which a convolution makes several rows of outputs at once."""
READ_ONCE_BYTES = 2 * 1024
"""Weights from here on that an inference reads once may stay in flash."""
MAX_SCRATCH_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a layer keeps its portable kernel."""

    reason: str


def accelerate(steps: list[Step], last: int) -> list[Step]:
    """Return the steps with straight-line code where it pays, each with the chooser's reason in `note`."""
    steps = _pooled(steps, last)
    ranges: dict[int, tuple[int, int]] = {}
    made: list[Step] = []
    room = MAX_TOTAL_BYTES
    for step in steps:
        before = ranges.get(step.reads[0], (-128, 127)) if step.reads else (-128, 127)
        if step.layer is not None:
            ranges[step.writes] = step.layer.filters.limits[1:]
            chosen = _with_code(step, step.layer, before, room)
            room -= sum(part.code_bytes for part in chosen)
            made += chosen
            continue
        if not step.kernel or step.kernel in ("max_pool_2d", "resize"):
            ranges[step.writes] = before
        made.append(step)
    return made


def _with_code(step: Step, layer: Layer, codes: tuple[int, int], room: int) -> list[Step]:
    border = layer.shape["pad_code"] if layer.shape["padded"] else codes[0]
    lanes = Codes(min(codes[0], border), max(codes[1], border))
    if layer.shape["dilation_width"] > 1:
        chosen: Step | Refused = Refused("its columns are dilated")
    elif layer.shape["batches"] > 1:
        chosen = Refused("it has a batch")
    elif layer.shape["out_height"] * layer.shape["out_width"] == 1:
        chosen = Refused("it has one position, and lanes need two")
    elif 2 * np.count_nonzero(layer.taps) > OUTPUTS_AT_ONCE * MAX_CODE_BYTES:  # a load for every word at least
        chosen = Refused(f"straight-line code would take more than {MAX_CODE_BYTES} bytes")
    else:
        scales = _scales(layer, lanes)
        make = _depthwise if layer.is_depthwise else _convolution
        chosen = scales if isinstance(scales, Refused) else make(step, layer, lanes, scales)
        if isinstance(chosen, Step) and chosen.code_bytes > min(room, MAX_CODE_BYTES):
            most = f"{min(room, MAX_CODE_BYTES)} are left of {MAX_CODE_BYTES} a layer and {MAX_TOTAL_BYTES} in all"
            chosen = Refused(f"straight-line code would take {chosen.code_bytes} bytes; {most}")
    if isinstance(chosen, Refused):
        first, *rest = layer.plain or (step,)
        if layer.shape["out_height"] * layer.shape["out_width"] == 1:
            large = [replace(part, is_read_once=part.size_bytes >= READ_ONCE_BYTES) for part in first.constants]
            first = replace(first, constants=tuple(large))
        return [replace(first, note=f"portable kernel: {chosen.reason}"), *rest]
    return [chosen]


def _scales(layer: Layer, lanes: Codes) -> list[Scaling] | Refused:
    """Return each filter's rule from lane sums to codes."""
    filters, made = layer.filters, []
    offset, low, high = filters.limits
    taps = layer.taps.reshape(len(layer.taps), -1)
    for row, folded, (multiplier, shift) in zip(taps, filters.bias.tolist(), filters.pairs.tolist(), strict=True):
        whole = folded + lanes.center * int(row.sum())
        ends = np.multiply.outer(row, np.array([lanes.low, lanes.high]) - lanes.center)
        reach = int(ends.min(axis=1).sum()), int(ends.max(axis=1).sum())
        rounds = requantize_once if filters.rounding == ONCE else requantize

        def code_of(sums: Ints, whole: int = whole, multiplier: int = multiplier, shift: int = shift) -> Ints:
            return clamp(rounds(sums + whole, multiplier, shift) + offset, low, high)  # noqa: B023

        found = find_scaling(code_of, multiplier * 2.0 ** (shift - 31), reach, (low, high))
        if found is None:
            return Refused("no rule of two multiplications scales its sums exactly")
        made.append(found)
    return made


def _convolution(step: Step, layer: Layer, lanes: Codes, scales: list[Scaling]) -> Step | Refused:
    s, (pool_height, pool_width) = layer.shape, layer.pool
    count, height, width, channels = layer.taps.shape
    padded = _padded_sizes(s)
    out_height, out_width = s["out_height"] // pool_height, s["out_width"] // pool_width
    row_len, across = padded[1] * channels, s["stride_width"] * channels
    down = s["stride_height"] * row_len
    pairs, move, distance, twin, width_left = out_width * pool_width, across, down, 0, pool_width
    if layer.pool == (1, 1):  # the left half of the columns beside the right half
        pairs = -(-out_width // 2)
        twin = out_width - pairs
        distance = twin * across
    elif pool_height == 1:
        pairs, move, distance, width_left = out_width, 2 * across, across, 1
    words = (pairs - 1) * move + width * channels
    groups = [range(at, min(at + OUTPUTS_AT_ONCE, count)) for at in range(0, count, OUTPUTS_AT_ONCE)]
    programs = []
    for number, group in enumerate(groups):
        weights = [by_word(layer.taps[f], words) for f in group]
        programs.append(lane_program(f"{{stem}}_group_{number}", weights, lanes.weight_limit, layer.pool != (1, 1)))
    text = [program.text(move) for program in programs]
    padding_bytes = _aligned(math.prod(padded) * channels) if s["padded"] else 0
    round_rows = min(pool_height * s["stride_height"], height)  # no more than a round reads
    sum_bytes = 4 * pairs * OUTPUTS_AT_ONCE * (2 if layer.pool == (1, 1) else 1)
    room = (BATCH_BYTES - 4 * height * words - sum_bytes) // (4 * round_rows * words + sum_bytes)
    batch = 1 if s["dilation_height"] > 1 else max(1, min(out_height, 1 + room))
    word_bytes = 4 * words * ((batch - 1) * round_rows + height)
    scratch = padding_bytes + word_bytes + batch * sum_bytes
    if scratch > MAX_SCRATCH_BYTES:
        return Refused(f"it would need {scratch} bytes of work memory")
    shape = {
        "rounds": out_height, "batch": batch, "round_rows": round_rows, "round_step": pool_height * down,
        "word_rows": height, "words": words,
        "row_step": s["dilation_height"] * row_len, "distance": distance, "pairs": pairs, "step": move,
        "pool_lanes": int(layer.pool != (1, 1)), "pool_width": width_left, "out_width": out_width,
        "twin_column": twin, "words_at": padding_bytes, "sums_at": padding_bytes + word_bytes,
    }  # fmt: skip
    parts = [*text, _groups(programs, [len(group) for group in groups]), _rules(scales),
             _shape("lanes_conv_shape", shape, _padding(s, channels, padded))]  # fmt: skip
    arguments = ("&{stem}_shape", "{stem}_groups", str(len(groups)), str(count), "{stem}_scales", _codes(layer, lanes))
    made = _fast_step(step, "lanes_conv_2d", parts, arguments, scratch, programs)
    return replace(made, lanes={**shape, "center": lanes.center, "limit": lanes.weight_limit})


def _depthwise(step: Step, layer: Layer, lanes: Codes, scales: list[Scaling]) -> Step | Refused:
    s = layer.shape
    count, height = layer.taps.shape[:2]
    channels, padded = s["channels"], _padded_sizes(s)
    rows = -(-s["out_height"] // 2)
    twin, stride, words = s["out_height"] - rows, s["stride_height"], padded[1]
    if s["dilation_height"] > 1:
        return Refused("its rows are dilated")
    together = min(OUTPUTS_AT_ONCE, rows)
    while together > 1 and (-(-rows // together) * together - rows) * 4 > rows:
        together -= 1  # rows made twice cost more than words loaded twice
    programs = _depthwise_programs(layer, lanes, words, together)
    while together > 1 and sum(program.code_bytes for program in programs) > MAX_ROWS_BYTES:
        together -= 1
        programs = _depthwise_programs(layer, lanes, words, together)
    text = [program.text(s["stride_width"]) for program in programs]
    word_rows = (rows - 1) * stride + height
    padding_bytes = _aligned(math.prod(padded) * channels) if s["padded"] else 0
    scratch = padding_bytes + 4 * word_rows * words + 8 * s["out_width"] * together
    if scratch > MAX_SCRATCH_BYTES:
        return Refused(f"it would need {scratch} bytes of work memory")
    shape = {
        "word_rows": word_rows, "words": words,
        "distance": twin * stride * words * channels, "pairs": s["out_width"], "step": s["stride_width"],
        "rows": rows, "row_words": stride * words, "twin_row": twin, "words_at": padding_bytes,
        "sums_at": padding_bytes + 4 * word_rows * words,
    }  # fmt: skip
    parts = [*text, _groups(programs, [together] * count), _rules(scales),
             _shape("lanes_depthwise_shape", shape, _padding(s, channels, padded))]  # fmt: skip
    arguments = ("&{stem}_shape", "{stem}_groups", str(count), str(count // channels), "{stem}_scales",
                 _codes(layer, lanes))  # fmt: skip
    made = _fast_step(step, "lanes_depthwise_conv_2d", parts, arguments, scratch, programs)
    return replace(made, lanes={**shape, "center": lanes.center, "limit": lanes.weight_limit})


def _depthwise_programs(layer: Layer, lanes: Codes, words: int, together: int) -> list[Program]:
    """Return a program a filter, each of some rows of outputs that share the words they read."""
    stride = layer.shape["stride_height"]
    return [
        lane_program(
            f"{{stem}}_group_{number}", [by_word(taps, words, at * stride) for at in range(together)],
            lanes.weight_limit, False,
        )
        for number, taps in enumerate(layer.taps)
    ]  # fmt: skip


def by_word(taps: Ints, words: int, first_row: int = 0) -> dict[int, int]:
    """Return the weights that are not 0, by their word; taps are (rows, columns, channels)."""
    height, width, channels = taps.shape
    return {
        (first_row + row) * words + column * channels + channel: int(taps[row, column, channel])
        for row in range(height) for column in range(width) for channel in range(channels)
        if taps[row, column, channel]
    }  # fmt: skip


def _padded_sizes(s: dict[str, int]) -> tuple[int, int]:
    """Return the height and width that the windows read, with the border."""
    if not s["padded"]:
        return s["in_height"], s["in_width"]
    height = (s["out_height"] - 1) * s["stride_height"] + (s["kernel_height"] - 1) * s["dilation_height"] + 1
    width = (s["out_width"] - 1) * s["stride_width"] + s["kernel_width"]
    return height, width


def _fast_step(
    step: Step, kernel: str, parts: list[str], arguments: tuple[str, ...], scratch: int, programs: list[Program]
) -> Step:
    total = sum(program.code_bytes for program in programs)
    return replace(
        step, kernel=kernel, shape=None, constants=(), arguments=arguments, scratch_bytes=scratch,
        program="".join(parts), code_bytes=total, note=f"straight-line code of {total} bytes",
    )  # fmt: skip


def _groups(programs: list[Program], counts: list[int]) -> str:
    rows = "".join(f"    {{{program.name}, {count}}},\n" for program, count in zip(programs, counts, strict=True))
    return f"static const struct lane_group {{stem}}_groups[{len(programs)}] = {{\n{rows}}};\n"


def _rules(scales: list[Scaling]) -> str:
    rows = "".join(
        f"    {{{_int32(q.add)}, {_int32(q.first)}, {q.last}, {q.low}, {q.high}, {q.lower}, {q.fine}}},\n"
        for q in scales
    )
    return f"static const struct lane_scale {{stem}}_scales[{len(scales)}] = {{\n{rows}}};\n"


def _int32(value: int) -> str:
    return str(value) if value > -(2**31) else "-2147483647 - 1"  # two tokens in C, and too large for int


def _padding(s: dict[str, int], channels: int, padded: tuple[int, int]) -> dict[str, int]:
    height, width = padded if s["padded"] else (s["in_height"], s["in_width"])
    return {
        "height": s["in_height"], "width": s["in_width"], "channels": channels, "top": s["pad_top"],
        "left": s["pad_left"], "padded_height": height, "padded_width": width, "code": s["pad_code"],
    }  # fmt: skip


def _shape(kind: str, shape: dict[str, int], padding: dict[str, int]) -> str:
    border = ", ".join(f".{name} = {value}" for name, value in padding.items())
    fields = ", ".join(f".{name} = {value}" for name, value in shape.items())
    return f"static const struct {kind} {{stem}}_shape = {{.padding = {{{border}}},\n    {fields}}};\n"


def _codes(layer: Layer, lanes: Codes) -> str:
    _, low, high = layer.filters.limits
    return f"&(const struct lane_codes){{{lanes.center}, {low}, {high}}}"


def _aligned(size: int) -> int:
    return (size + 3) // 4 * 4


def _pooled(steps: list[Step], last: int) -> list[Step]:
    """Let a convolution make only what a following max-pool keeps, where straight-line code can."""
    made: list[Step] = []
    readers: dict[int, int] = {}
    for step in steps:
        for index in step.reads:
            readers[index] = readers.get(index, 0) + 1
    for step in steps:
        before = made[-1] if made else None
        if before is not None and before.layer is not None and _may_pool(before, step, readers, last):
            made[-1] = _fuse(before, before.layer, step)
        else:
            made.append(step)
    return made


def _may_pool(before: Step, pool: Step, readers: dict[int, int], last: int) -> bool:
    s = pool.shape
    if pool.kernel != "max_pool_2d" or s is None or pool.reads != (before.writes,) or before.writes == last:
        return False
    assert before.layer is not None
    window = (s["kernel_height"], s["kernel_width"])
    return (
        readers[before.writes] == 1
        and not before.layer.is_depthwise
        and before.layer.pool == (1, 1)
        and window == (s["stride_height"], s["stride_width"])
        and window in ((2, 1), (1, 2), (2, 2), (2, 3), (2, 4))
        and not s["pad_top"] and not s["pad_left"]
        and s["out_height"] * window[0] <= s["in_height"] and s["out_width"] * window[1] <= s["in_width"]
        and s["batches"] == 1
    )  # fmt: skip


def _fuse(before: Step, layer: Layer, pool: Step) -> Step:
    assert pool.shape is not None
    low, high = int(pool.arguments[1]), int(pool.arguments[2])
    offset, least, most = layer.filters.limits
    limits = (offset, max(low, least), min(high, most))
    filters = Filters(layer.filters.bias, layer.filters.pairs, layer.filters.rounding, limits)
    window = (pool.shape["kernel_height"], pool.shape["kernel_width"])
    return replace(before, writes=pool.writes, layer=replace(layer, filters=filters, pool=window, plain=(before, pool)))
