"""The first layers row by row: while windows are lifted alike, a hop computes one row of each.

Convolutions without a border that follow one another make of each new row of
the input one new row each; the others are those of an earlier window, a
product of strides before. The rows of the last of them are kept, by their
place in time, and what comes after, a pool over rows first, is computed whole.
When the lift changes no row kept is worth anything: the next windows, one for
each place in time, are made row by row from the input's.
"""

import math
from dataclasses import dataclass
from string import Template

from lab.deploy.compiler.arena import Arena
from lab.deploy.compiler.emit import KERNELS
from lab.deploy.compiler.groups import by_word, filter_groups, make_groups
from lab.deploy.compiler.lanes import OUTPUTS_AT_ONCE, Codes
from lab.deploy.compiler.step import Layer, Step

_SOURCE = Template("""
$kernels
${programs}/* Rows of the input; of each layer those the next one reads; of the last all. By place in time. */
_Alignas(4) static int8_t seen[${upper}_ROWS][${upper}_ROW_LEN];
$buffers
static uint32_t pushed, newest; /* the place in time, and in what was seen */
static uint32_t fresh, fresh_before; /* rows since the last window, and between the two before */
static int32_t lift_before;
static uint32_t steady; /* rows since which windows are lifted alike, at equal distances */

void ${prefix}_push_row(const int8_t *row) {
    pushed = pushed + 1 == ${period}u ? 0 : pushed + 1;
    fresh++;
    newest = lane_wrapped(newest + 1, ${upper}_ROWS);
    memcpy(seen[newest], row, ${upper}_ROW_LEN);
}

/* Forget the oldest row and return where the newest goes. */
static int8_t *shifted(int8_t *rows, int32_t bytes, int32_t row_bytes) {
    memmove(rows, rows + row_bytes, (size_t)(bytes - row_bytes));
    return rows + bytes - row_bytes;
}

/* All rows of a window, or its newest. */
COMPACT void make_rows(int32_t lift, int32_t whole) {
    uint32_t *words = (uint32_t *)(void *)(arena + $words_at);
    int32_t *sums = (int32_t *)(void *)(arena + $sums_at);
    for (int32_t row_1 = whole ? 0 : ${rows_1} - 1; row_1 < $rows_1; row_1++) {
$layers    }
}

void ${prefix}_step(int32_t lift) {
    const int as_before = lift == lift_before && fresh > 0 && ($divides);
    steady = !as_before ? 0 : fresh != fresh_before ? fresh : steady < ${phases}u ? steady + fresh : steady;
    fresh_before = fresh;
    lift_before = lift;
    fresh = 0;
    ${upper}_MARK(0);
    make_rows(lift, steady < ${phases}u);
    ${upper}_MARK($last_mark);
    int8_t *out = arena + $target;
    uint32_t from = lane_wrapped(pushed / ${phases}u + 1, ${kept_rows}u);
    const int8_t(*rows)[$row_len] = (const int8_t(*)[$row_len])kept_$count[pushed % ${phases}u];
    for (int32_t row = 0; row < $pooled_rows; row++, out += $row_len) {
$pool    }
    finish();
}
""")

_NEXT = "from = lane_wrapped(from + 1, ${kept_rows}u);"
_COPY = Template(f"""\
        memcpy(out, rows[from], $row_len);
        {_NEXT}
""")
_GREATER = "for (int32_t i = 0; i < {}; i++) out[i] = codes[i] > most[i] ? codes[i] : most[i];"
_GREATER_WORDS = "lanes_greater_row(out, codes, most, {});"
_POOL = Template(f"""\
        const int8_t *most = rows[from];
        {_NEXT}
        for (int32_t pool = 1; pool < $pool; pool++, most = out) {{
            const int8_t *codes = rows[from];
            $greater
            {_NEXT}
        }}
""")

_LAYER = Template("""\
        ${guard}const int8_t *in_$number[$kernel_rows];
        for (int32_t i = 0; i < $kernel_rows; i++) in_$number[i] = $source;
        $kernel($target, in_$number, words, sums, &${stem}_shape, &${stem}_groups, ${scales}, $lift);
""")

_GUARD = Template("""\
const int32_t row_$number = whole ? (row_$before - $reach) / $stride : $rows - 1;
        if (whole && (row_$before < $reach || (row_$before - $reach) % $stride || row_$number >= $rows)) continue;
        """)


@dataclass(frozen=True, slots=True)
class Chain:
    """What makes the first layers' rows.

    Attributes:
        text: its C.
        kept_bytes: of RAM, beside the arena.
        note: what is kept.
        calls: how many kernel calls of the whole inference it stands for.
    """

    text: str
    kept_bytes: int
    note: str
    calls: int


@dataclass(frozen=True, slots=True)
class _Link:
    """A layer of the chain: late is how many of the newest rows it reads no row of."""

    number: int
    step: Step
    layer: Layer
    period: int
    rows: int
    row_len: int
    late: int


def find_chain(steps: list[Step]) -> list[tuple[int, Step]]:
    """Return the first steps that can run row by row, with their numbers; those before them make no call."""
    found: list[tuple[int, Step]] = []
    for number, step in enumerate(steps):
        if not step.kernel and not found:
            continue
        if step.layer is None or step.lanes is None or (found and step.reads[0] != found[-1][1].writes):
            break
        s, pool = step.layer.shape, step.layer.pool
        readers = sum(step.reads[0] in other.reads for other in steps)
        if s["padded"] or s["dilation_height"] > 1 or pool[1] > 1 or (found and readers > 1):
            break
        if not found and s["in_height"] == 1:
            break
        found.append((number, step))
        if pool != (1, 1):
            break
    return found


def chain_text(
    prefix: str, steps: list[Step], found: list[tuple[int, Step]], arena: Arena, input_shape: tuple[int, ...]
) -> Chain:
    """Return the C of a chain.

    Args:
        prefix: of all names.
        steps: all of the model's.
        found: as find_chain gives them, two or more.
        arena: the tensors' memory.
        input_shape: with its batch of one; rows come second.
    """
    links = _links(found)
    last = links[-1]
    pool = last.layer.pool[0]
    kept = [
        (link.rows if link is last else links[at + 1].layer.shape["kernel_height"] + links[at + 1].late)
        for at, link in enumerate(links)
    ]
    shapes = [_row_shape(link) for link in links]
    words = max(shape["words"] * shape["kernel_rows"] for shape in shapes)
    words_at = arena.tensors[last.step.writes]
    text = _SOURCE.substitute(
        prefix=prefix, upper=prefix.upper(), kernels=(KERNELS / "lanes_rows.h").read_text("utf-8"),
        programs="".join(_programs(f"{prefix}_row_{at}", link, shape)
                         for at, (link, shape) in enumerate(zip(links, shapes, strict=True))),
        buffers="\n".join(f"_Alignas(4) static int8_t kept_{at}[{link.period}][{count}][{link.row_len}];"
                          for at, (link, count) in enumerate(zip(links, kept, strict=True), 1)),
        period=last.period * last.rows, words_at=words_at, sums_at=words_at + 4 * words,
        rows_1=links[0].rows, layers="".join(_layer_text(prefix, links, kept, at) for at in range(len(links))),
        phases=last.period, divides=_divides(links[0].period), last_mark=len(links) - 1,
        target=arena.tensors[last.step.writes], kept_rows=last.rows,
        row_len=last.row_len, count=len(links), pooled_rows=last.rows // pool,
        pool=(_COPY if pool == 1 else _POOL).substitute(
            kept_rows=last.rows, row_len=last.row_len, pool=pool,
            greater=(_GREATER_WORDS if last.row_len % 4 == words_at % 4 == 0 else _GREATER).format(last.row_len),
        ),
    )  # fmt: skip
    row_bytes = sum(link.period * count * link.row_len for link, count in zip(links, kept, strict=True))
    note = f"{len(links)} layers run row by row and keep {last.period * last.rows} rows"
    return Chain(text, row_bytes + math.prod(input_shape), note, len(links))


def _divides(period: int) -> str:
    """Return the C condition that `fresh` divides a period."""
    return " || ".join(f"fresh == {number}" for number in range(1, period + 1) if period % number == 0)


def work_bytes(found: list[tuple[int, Step]]) -> int:
    """Return the work memory that a chain needs."""
    links = _links(found)
    shapes = [_row_shape(link) for link in links]
    words = max(shape["words"] * shape["kernel_rows"] for shape in shapes)
    return 4 * words + max(8 * shape["pairs"] * min(shape["filters"], OUTPUTS_AT_ONCE) for shape in shapes)


def _links(found: list[tuple[int, Step]]) -> list[_Link]:
    links: list[_Link] = []
    for number, step in found:
        assert step.layer is not None
        s, pool = step.layer.shape, step.layer.pool[0]
        period = (links[-1].period if links else 1) * s["stride_height"]
        rows = s["out_height"] // pool * pool
        have = links[-1].rows if links else s["in_height"]
        late = have - (rows - 1) * s["stride_height"] - s["kernel_height"]
        links.append(_Link(number, step, step.layer, period, rows, s["out_width"] * len(step.layer.taps), late))
    return links


def _row_shape(link: _Link) -> dict[str, int]:
    s, filters = link.layer.shape, len(link.layer.taps)
    channels = 1 if link.layer.is_depthwise else s["channels"]
    pairs = -(-s["out_width"] // 2)
    twin, step = s["out_width"] - pairs, s["stride_width"] * channels
    return {
        "kernel_rows": s["kernel_height"], "words": (pairs - 1) * step + s["kernel_width"] * channels, "step": step,
        "distance": twin * s["stride_width"] * s["channels"], "pairs": pairs, "twin": twin, "filters": filters,
        "per_channel": filters // s["channels"] if link.layer.is_depthwise else 0, "channels": s["channels"],
    }  # fmt: skip


def _programs(stem: str, link: _Link, shape: dict[str, int]) -> str:
    lanes, taps = link.step.lanes, link.layer.taps
    assert lanes is not None
    codes, is_shared = Codes.of(lanes), bool(lanes["is_shared"])
    if link.layer.is_depthwise:
        groups = [[by_word(filter_taps, shape["words"])] for filter_taps in taps]
    else:
        groups = filter_groups(taps, shape["words"], is_shared)
    made = make_groups(stem, groups, shape["step"], codes, False, is_shared)
    _, low, high = link.layer.filters.limits
    fields = ", ".join(f".{name} = {value}" for name, value in shape.items())
    return (
        f"{made.text}static const struct lane_row {stem}_shape = {{{fields},\n"
        f"    .codes = {{{codes.center}, {low}, {high}}}}};\n\n"
    )


def _layer_text(prefix: str, links: list[_Link], kept: list[int], at: int) -> str:
    link, number = links[at], at + 1
    s = link.layer.shape
    names = {"number": number, "before": at, "rows": link.rows, "stride": s["stride_height"]}
    source = f"seen[lane_wrapped(newest + 1u + (uint32_t)(row_1 * {s['stride_height']} + i), {s['in_height']}u)]"
    guard = ""
    if at:
        guard = _GUARD.substitute(names, reach=s["kernel_height"] - 1)
        source = f"kept_{at}[pushed % {links[at - 1].period}u][i + (whole ? {link.late} : 0)]"
    target = f"kept_{number}[pushed % {link.period}u]"
    if at + 1 == len(links):
        slot = f"lane_wrapped(pushed / {link.period}u + 1u + (uint32_t)row_{number}, {link.rows}u)"
        target = f"{target}[{slot}]"
    else:
        target = f"shifted({target}[0], {kept[at] * link.row_len}, {link.row_len})"
    return _LAYER.substitute(
        names, guard=guard, kernel_rows=s["kernel_height"], source=source, target=target, stem=f"{prefix}_row_{at}",
        kernel="lanes_depthwise_row" if link.layer.is_depthwise else "lanes_conv_row",
        scales=f"{prefix}_{link.number}_scales", lift="0" if at else "lift",
    )  # fmt: skip
