"""Max-pools that are taken into the convolution before them: it makes only what they keep."""

from dataclasses import replace

from lab.deploy.compiler.filters import Filters
from lab.deploy.compiler.step import Layer, Step


def pooled(steps: list[Step], last: int) -> list[Step]:
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
