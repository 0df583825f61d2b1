"""Lanes for a layer: straight-line code, or one program for all its filters, at different sizes and speeds.

A layer's portable kernel is a loop over arrays of weights; straight-line code
holds the weights as immediates, shares loads between filters, skips zero
weights and pools before it scales; a shared program reads its weights as
bytes. `choose.py` weighs them.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lab.deploy.compiler.clusters import MAX_CLUSTERS
from lab.deploy.compiler.filters import ONCE
from lab.deploy.compiler.fixed import Ints, clamp, requantize, requantize_once
from lab.deploy.compiler.groups import Groups, by_word, filter_groups, make_groups
from lab.deploy.compiler.lanes import OUTPUTS_AT_ONCE, Codes
from lab.deploy.compiler.scaling import Scaling, find_scaling
from lab.deploy.compiler.step import Layer, Step

MAX_CODE_BYTES = 40 * 1024
"""The most that one layer's code may take; all of it runs from SRAM."""
MAX_ROWS_BYTES = 12 * 1024
"""What a depthwise layer's code may take for making several rows of outputs at once, before it makes fewer."""
BATCH_BYTES = 2_200
"""Work memory in which a convolution makes several rows of outputs at once."""
MAX_SCRATCH_BYTES = 32 * 1024
_RULE_BYTES = 20
_ABOUT = 1.03
"""What is not worth more work memory."""
_ROUND_CYCLES = 60
"""What a program's rounds cost beside themselves: the call."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a layer keeps its portable kernel."""

    reason: str


def fast_steps(step: Step, layer: Layer, before: tuple[int, int], row_by_row: bool) -> list[Step] | Refused:
    """Return a layer's steps in lanes, the fastest first.

    Args:
        step: with its portable kernel.
        layer: its weights.
        before: least and greatest code of its input.
        row_by_row: it makes one row at a time, so a depthwise layer shares nothing among rows.
    """
    border = layer.shape["pad_code"] if layer.shape["padded"] else before[0]
    lanes = Codes(min(before[0], border), max(before[1], border))
    if layer.shape["dilation_width"] > 1:
        return Refused("its columns are dilated")
    if layer.shape["batches"] > 1:
        return Refused("it has a batch")
    if layer.shape["out_height"] * layer.shape["out_width"] == 1:
        return Refused("it has one position, and lanes need two")
    if np.count_nonzero(layer.taps) > MAX_CODE_BYTES:
        return Refused(f"its code would take more than {MAX_CODE_BYTES} bytes")
    if layer.is_depthwise:
        made = [_depthwise(step, layer, lanes, most, False) for most in ((1,) if row_by_row else (3, 1))]
        made.append(_depthwise(step, layer, lanes, 1, True))
    else:
        made = [_convolution(step, layer, lanes, is_shared) for is_shared in (False, True)]
        if _is_clustered(layer):
            made.append(_convolution(step, layer, replace(lanes, is_unsigned=True), False))
    fitting = [option for option in made if isinstance(option, Step) and option.code_bytes <= MAX_CODE_BYTES]
    if fitting:
        return sorted(fitting, key=lambda option: option.cycles)
    refused = next((option for option in made if isinstance(option, Refused)), None)
    return refused or Refused(f"its code would take more than {MAX_CODE_BYTES} bytes")


def _scales(layer: Layer, lanes: Codes) -> list[Scaling] | Refused:
    """Return each filter's rule from lane sums to codes."""
    filters, made = layer.filters, []
    taps = layer.taps.reshape(len(layer.taps), -1)
    for row, folded, pair in zip(taps, filters.bias.tolist(), filters.pairs.tolist(), strict=True):
        ends = np.multiply.outer(row, np.array([lanes.low, lanes.high]) - lanes.center)
        reach = int(ends.min(axis=1).sum()), int(ends.max(axis=1).sum())
        whole = folded + lanes.center * int(row.sum())
        found = _scaling(whole, tuple(pair), filters.rounding == ONCE, filters.limits, reach)
        if found is None:
            return Refused("no rule of two multiplications scales its sums exactly")
        made.append(found)
    return made


@lru_cache(maxsize=4096)
def _scaling(
    whole: int, pair: tuple[int, int], rounds_once: bool, limits: tuple[int, int, int], reach: tuple[int, int]
) -> Scaling | None:
    """Return a filter's rule; the kernels compared for a layer, and a model compiled again, ask for the same ones."""
    multiplier, shift = pair
    offset, low, high = limits
    rounds = requantize_once if rounds_once else requantize

    def code_of(sums: Ints) -> Ints:
        return clamp(rounds(sums + whole, multiplier, shift) + offset, low, high)

    return find_scaling(code_of, multiplier * 2.0 ** (shift - 31), reach, (low, high))


def _is_clustered(layer: Layer) -> bool:
    return all(len(np.unique(taps[taps != 0])) <= MAX_CLUSTERS for taps in layer.taps)


def _convolution(step: Step, layer: Layer, lanes: Codes, is_shared: bool) -> Step | Refused:
    s, (pool_height, pool_width) = _in_rows(layer), layer.pool
    count, height, width, channels = layer.taps.shape
    padded = _padded_sizes(s)
    out_height, out_width = s["out_height"] // pool_height, s["out_width"] // pool_width
    row_len, across = padded[1] * channels, s["stride_width"] * channels
    down = s["stride_height"] * row_len
    pairs, move, distance, twin, width_left = out_width * pool_width, across, down, 0, pool_width
    rounds = out_height
    if layer.pool == (1, 1) and -(-out_height // 2) * out_width < out_height * -(-out_width // 2):
        rounds, pairs = -(-out_height // 2), out_width  # the upper half of the rows beside the lower half
        distance, twin = (out_height - rounds) * down, (out_height - rounds) * out_width
    elif layer.pool == (1, 1):  # the left half of the columns beside the right half
        pairs = -(-out_width // 2)
        twin = out_width - pairs
        distance = twin * across
    elif pool_height == 1:
        pairs, move, distance, width_left = out_width, 2 * across, across, 1
    words = (pairs - 1) * move + width * channels
    groups = filter_groups(layer.taps, words, is_shared)
    made = make_groups("{stem}", groups, move, lanes, layer.pool != (1, 1), is_shared)
    padding_bytes = _aligned(math.prod(padded) * channels) if s["padded"] else 0
    round_rows = min(pool_height * s["stride_height"], height)  # no more than a round reads
    sum_bytes = 4 * pairs * OUTPUTS_AT_ONCE * (2 if layer.pool == (1, 1) else 1)
    room = (BATCH_BYTES - 4 * height * words - sum_bytes) // (4 * round_rows * words + sum_bytes)
    batch = 1 if s["dilation_height"] > 1 else max(1, min(rounds, 1 + room))
    word_bytes = 4 * words * ((batch - 1) * round_rows + height)
    scratch = padding_bytes + word_bytes + batch * sum_bytes
    if scratch > MAX_SCRATCH_BYTES:
        return Refused(f"it would need {scratch} bytes of work memory")
    scales = _scales(layer, lanes)
    if isinstance(scales, Refused):
        return scales
    shape = {
        "rounds": rounds, "batch": batch, "round_rows": round_rows, "round_step": pool_height * down,
        "word_rows": height, "words": words,
        "row_step": s["dilation_height"] * row_len, "distance": distance, "pairs": pairs, "step": move,
        "pool_lanes": int(layer.pool != (1, 1)), "pool_width": width_left, "out_width": out_width,
        "twin_column": twin, "words_at": padding_bytes, "sums_at": padding_bytes + word_bytes,
    }  # fmt: skip
    shape_text = _shape("lanes_conv_shape", shape, _padding(s, channels, padded))
    arguments = ("&{stem}_shape", "&{stem}_groups", str(count), "{stem}_scales", _codes(layer, lanes))
    cycles = rounds * (pairs * made.cycles + len(groups) * _ROUND_CYCLES)
    fast = _fast_step(step, "lanes_conv_2d", [made.text, _rules(scales), shape_text], arguments, scratch)
    return _told(fast, made, shape, lanes, len(scales), cycles, is_shared)


def _in_rows(layer: Layer) -> dict[str, int]:
    """Return the layer's sizes; where every output reads its own position alone, in rows as long as pay."""
    s = layer.shape
    same = s["kernel_height"] == s["kernel_width"] == s["stride_height"] == s["stride_width"] == 1
    if not same or s["padded"] or layer.pool != (1, 1):
        return s
    total, word_bytes = s["out_height"] * s["out_width"], 4 * layer.taps.shape[3]
    small = [size for size in range(1, math.isqrt(total) + 1) if total % size == 0]
    widths = sorted({*small, *(total // size for size in small)})
    room = MAX_SCRATCH_BYTES // 2 // word_bytes
    fits = [width for width in widths if width == s["out_width"] or -(-width // 2) <= room]
    costs = {width: total // width * (-(-width // 2) + 1) for width in fits}  # a round costs about a pair more
    width = min(width for width in fits if costs[width] <= _ABOUT * min(costs.values()))
    sizes = {"height": total // width, "width": width}
    return {**s, **{f"{side}_{name}": size for side in ("in", "out") for name, size in sizes.items()}}


def _depthwise(step: Step, layer: Layer, lanes: Codes, together: int, is_shared: bool) -> Step | Refused:
    """Return the step that makes up to `together` rows of outputs of a channel at once."""
    s = layer.shape
    count, height = layer.taps.shape[:2]
    channels, padded = s["channels"], _padded_sizes(s)
    rows = -(-s["out_height"] // 2)
    twin, stride, words = s["out_height"] - rows, s["stride_height"], padded[1]
    if s["dilation_height"] > 1:
        return Refused("its rows are dilated")
    together = min(together, rows)
    while together > 1 and (-(-rows // together) * together - rows) * 4 > rows:
        together -= 1  # rows made twice cost more than words loaded twice
    made = _depthwise_groups(layer, lanes, words, together, is_shared)
    while together > 1 and made.code_bytes > MAX_ROWS_BYTES:
        together -= 1
        made = _depthwise_groups(layer, lanes, words, together, is_shared)
    word_rows = (rows - 1) * stride + height
    padding_bytes = _aligned(math.prod(padded) * channels) if s["padded"] else 0
    row_bytes = 8 * s["out_width"]
    batch = max(1, min(rows, BATCH_BYTES // 2 // row_bytes)) if together == 1 else together
    scratch = padding_bytes + 4 * word_rows * words + row_bytes * batch
    if scratch > MAX_SCRATCH_BYTES:
        return Refused(f"it would need {scratch} bytes of work memory")
    scales = _scales(layer, lanes)
    if isinstance(scales, Refused):
        return scales
    shape = {
        "word_rows": word_rows, "words": words,
        "distance": twin * stride * words * channels, "pairs": s["out_width"], "step": s["stride_width"],
        "batch": batch, "rows": rows, "row_words": stride * words, "twin_row": twin, "words_at": padding_bytes,
        "sums_at": padding_bytes + 4 * word_rows * words,
    }  # fmt: skip
    shape_text = _shape("lanes_depthwise_shape", shape, _padding(s, channels, padded))
    arguments = ("&{stem}_shape", "&{stem}_groups", str(count), str(count // channels), "{stem}_scales",
                 _codes(layer, lanes))  # fmt: skip
    calls = -(-rows // (batch if together == 1 else together))
    cycles = -(-rows // together) * s["out_width"] * made.cycles + calls * count * 3 * _ROUND_CYCLES
    fast = _fast_step(step, "lanes_depthwise_conv_2d", [made.text, _rules(scales), shape_text], arguments, scratch)
    return _told(fast, made, shape, lanes, len(scales), cycles, is_shared)


def _depthwise_groups(layer: Layer, lanes: Codes, words: int, together: int, is_shared: bool) -> Groups:
    """Return a program a filter, each of some rows of outputs that share the words they read."""
    stride = layer.shape["stride_height"]
    groups = [[by_word(taps, words, at * stride) for at in range(together)] for taps in layer.taps]
    return make_groups("{stem}", groups, layer.shape["stride_width"], lanes, False, is_shared)


def _padded_sizes(s: dict[str, int]) -> tuple[int, int]:
    """Return the height and width that the windows read, with the border."""
    if not s["padded"]:
        return s["in_height"], s["in_width"]
    height = (s["out_height"] - 1) * s["stride_height"] + (s["kernel_height"] - 1) * s["dilation_height"] + 1
    width = (s["out_width"] - 1) * s["stride_width"] + s["kernel_width"]
    return height, width


def _fast_step(step: Step, kernel: str, parts: list[str], arguments: tuple[str, ...], scratch: int) -> Step:
    return replace(
        step, kernel=kernel, shape=None, constants=(), arguments=arguments, scratch_bytes=scratch,
        program="".join(parts),
    )  # fmt: skip


def _told(
    step: Step, made: Groups, shape: dict[str, int], lanes: Codes, count: int, cycles: int, is_shared: bool
) -> Step:
    """Return a step that knows what it costs, why, and what streaming needs of it."""
    kind = "straight-line code"
    if is_shared:
        kind = "weights as bytes and one program,"
    elif made.clustered:
        kind = "straight-line code that adds before it multiplies"
    told = {**shape, "center": lanes.center, "low": lanes.low, "high": lanes.high,
            "is_shared": int(is_shared), "is_unsigned": int(lanes.is_unsigned)}  # fmt: skip
    size = made.code_bytes + _RULE_BYTES * count
    return replace(step, lanes=told, code_bytes=size, cycles=cycles, note=f"{kind} of {made.code_bytes} bytes")


def _rules(scales: list[Scaling]) -> str:
    rows = "".join(
        f"    {{{_int32(q.add)}, {_int32(q.first)}, {q.last}, {q.high}, {q.low}, {q.lower}, {q.fine}}},\n"
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
