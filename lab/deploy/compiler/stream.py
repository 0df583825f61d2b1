"""Rows instead of windows: what a first convolution has made of rows it saw before is kept.

A window moves by a row at a time, and a convolution without a border makes of
the rows that stay what it made before, so each new row costs one row of
outputs. Sums are kept, not codes: a relative window adds one number to all
its codes, and conv(x + c) = conv(x) + c · Σw. That number moves the greatest
of some sums as it moves each, so a max-pool keeps the greatest over its
columns, and takes that over rows when a window is asked for. Any other model
keeps the codes of its rows and runs whole.
"""

import math
from dataclasses import dataclass
from string import Template

from lab.deploy.compiler.arena import Arena
from lab.deploy.compiler.chain import chain_text, find_chain, work_bytes
from lab.deploy.compiler.groups import filter_groups, make_groups
from lab.deploy.compiler.lanes import Codes
from lab.deploy.compiler.step import Layer, Step

_MAX_IMMEDIATE = 255

DECLARATIONS = Template("""
/* Takes in the newest of the ${upper}_ROWS rows of the input, ${upper}_ROW_LEN codes. */
void ${prefix}_push_row(const int8_t *row);

/* The same as writing the newest rows to the input, each code plus lift, and ${prefix}_invoke(); every such code must
 * lie within -128 to 127. What was pushed before stays; the input's memory is not part of it. */
void ${prefix}_step(int32_t lift);
""")

_WHOLE = Template("""
/* Every step computes its whole window: $reason. */
static int8_t ring[${upper}_ROWS][${upper}_ROW_LEN];
static int32_t oldest;

void ${prefix}_push_row(const int8_t *row) {
    memcpy(ring[oldest], row, ${upper}_ROW_LEN);
    oldest = oldest + 1 == ${upper}_ROWS ? 0 : oldest + 1;
}

void ${prefix}_step(int32_t lift) {
    int8_t *input = ${prefix}_input();
    for (int32_t row = 0; row < ${upper}_ROWS; row++) {
        const int8_t *codes = ring[oldest + row < ${upper}_ROWS ? oldest + row : oldest + row - ${upper}_ROWS];
        for (int32_t i = 0; i < ${upper}_ROW_LEN; i++) *input++ = (int8_t)(codes[i] + lift);
    }
    ${prefix}_invoke();
}
""")

_KEPT = Template("""
${programs}/* The first convolution's sums of the rows seen, by the place in time that its stride gives them. */
_Alignas(4) static int8_t newest[$kernel_rows][${upper}_ROW_LEN];
static int32_t kept[$phases][$kept_rows][$row_sums];
static uint32_t pushed;

LANES_CODES(stream_codes, "add r0, r12\\n", "adds r2, #$filters\\n")

void ${prefix}_push_row(const int8_t *row) {
    uint32_t *words = (uint32_t *)(void *)(arena + $scratch);
    const struct lane_pack pack = lane_pack_of(1, $distance, $center);
    memmove(newest[0], newest[1], sizeof newest - sizeof newest[0]);
    memcpy(newest[$kernel_rows - 1], row, ${upper}_ROW_LEN);
    pushed = pushed + 1 == ${period}u ? 0 : pushed + 1;
    for (int32_t i = 0; i < $kernel_rows; i++) lanes_pack(words + i * $words, newest[i], &pack, $words);
    int32_t *sums = kept[pushed % $phases][pushed / $phases];
    for (int32_t group = 0, left = $filters; left > 0; group++, left -= ${stem}_groups.together) {
        lanes_group(&${stem}_groups, group, words, sums, $pairs * $move, 1, 0);
        sums += lanes_together(&${stem}_groups, left) * $lanes * $pairs;
    }
}

/* Rows of sums to rows of codes. */
static void stream_rows(int8_t *out, const int32_t *sums, int32_t rows, int32_t lift) {
    static const int32_t weight_sums[] = {$weight_sums};
    static const struct lane_codes codes = {$center, $least, $most};
    if (rows == 0) return;
    for (int32_t filter = 0; filter < $filters;) {
        const int32_t together = lanes_together(&${stem}_groups, $filters - filter);
        struct lane_call how = lanes_call(&codes, $lanes * together, $filters, $pairs);
        how.rows = rows;
        how.sum_row = 4 * $row_sums - $pairs * how.sum_step;
        how.out_row = $out_gap * $filters;
        for (int32_t i = 0; i < together; i++, filter++) {
            lanes_rescale(&how, ${scales} + filter);
            how.lift = how.extra = lift * weight_sums[filter];
            for (int32_t lane = 0; lane < $lanes; lane++) {
                int8_t *first = out + lane * $twin * $filters + filter;
                (lanes_are_short(&how) ? stream_codes : lanes_codes_any)(first, sums + $lanes * i + lane, &how);
            }
        }
        sums += together * $lanes * $pairs;
    }
}

void ${prefix}_step(int32_t lift) {
    const uint32_t last = (pushed + ${period}u - ${late}u) % ${period}u;
    const int32_t oldest = (int32_t)((last / $phases + 1) % $kept_rows);
    const int32_t(*rows)[$row_sums] = (const int32_t(*)[$row_sums])kept[last % $phases];
    int8_t *out = arena + $target;
    ${upper}_MARK(0);
$rescale    finish();
}
""")

_UNPOOLED = Template("""\
    stream_rows(out, rows[oldest], $kept_rows - oldest, lift);
    stream_rows(out + ($kept_rows - oldest) * $out_row, rows[0], oldest, lift);
""")

_POOLED = Template("""\
    int32_t *greatest = (int32_t *)(void *)(arena + $scratch);
    for (int32_t i = 0, from = oldest; i < $kept_rows; i++, from = from + 1 == $kept_rows ? 0 : from + 1) {
        int32_t *most = greatest + i / $pool_rows * $row_sums;
        for (int32_t at = 0; at < $row_sums; at++)
            if (i % $pool_rows == 0 || rows[from][at] > most[at]) most[at] = rows[from][at];
    }
    stream_rows(out, greatest, $kept_rows / $pool_rows, lift);
""")


@dataclass(frozen=True, slots=True)
class Stream:
    """The streaming part of a model's C.

    Attributes:
        text: functions push_row and step, with what they keep.
        kept_bytes: of RAM, beside the arena.
        note: what is kept, or why nothing is.
        calls: how many kernel calls of the whole inference it stands for.
    """

    text: str
    kept_bytes: int
    note: str
    calls: int = 1


def stream_text(prefix: str, steps: list[Step], arena: Arena, input_shape: tuple[int, ...]) -> Stream:
    """Return the streaming part of a model.

    Args:
        prefix: of all names.
        steps: as compiled, in running order.
        arena: their memory.
        input_shape: with its batch of one; rows come second.
    """
    names = {"prefix": prefix, "upper": prefix.upper()}
    input_len = math.prod(input_shape)
    chain = find_chain(steps)
    if len(chain) > 1 and work_bytes(chain) <= arena.size_bytes - arena.tensors[chain[-1][1].writes]:
        made = chain_text(prefix, steps, chain, arena, input_shape)
        return Stream(made.text, made.kept_bytes, made.note, made.calls)
    number = next((number for number, step in enumerate(steps) if step.kernel), 0)
    reason = _why_whole(steps[number], number, input_shape)
    if reason:
        return Stream(_WHOLE.substitute(names, reason=reason), input_len, f"whole windows: {reason}")
    step = steps[number]
    layer, lanes = step.layer, step.lanes
    assert layer is not None
    assert lanes is not None
    s, filters, row = layer.shape, len(layer.taps), _row(layer)
    kept_rows, (pool_rows, pool_columns) = s["out_height"] // layer.pool[0] * layer.pool[0], layer.pool
    row_sums, out_width = row.lanes * row.pairs * filters, s["out_width"] // pool_columns
    late = s["in_height"] - (kept_rows - 1) * s["stride_height"] - s["kernel_height"]
    _, least, most = layer.filters.limits
    names |= {"scratch": str(arena.scratch[number]), "row_sums": str(row_sums), "kept_rows": str(kept_rows)}
    rescale = (
        _UNPOOLED.substitute(names, out_row=out_width * filters)
        if pool_rows == 1
        else _POOLED.substitute(names, pool_rows=pool_rows)
    )
    stem, programs = f"{prefix}_{number}", ""
    if layer.pool != (1, 1) or any(lanes[name] != size for name, size in row.sizes.items()):
        stem = f"{prefix}_row"
        programs = _row_programs(stem, layer, Codes.of(lanes), row)
    text = _KEPT.substitute(
        names, stem=stem, scales=f"{prefix}_{number}_scales", programs=programs, rescale=rescale,
        kernel_rows=s["kernel_height"], phases=s["stride_height"], filters=filters,
        period=s["stride_height"] * kept_rows, words=row.words, distance=row.distance, center=lanes["center"],
        pairs=row.pairs, move=row.move, lanes=row.lanes,
        weight_sums=", ".join(str(int(value)) for value in layer.taps.reshape(filters, -1).sum(axis=1)),
        least=least, most=most, out_gap=out_width - row.pairs, twin=out_width - row.pairs, late=late,
        target=arena.tensors[step.writes],
    )  # fmt: skip
    kept_bytes = s["kernel_height"] * input_len // s["in_height"] + 4 * s["stride_height"] * kept_rows * row_sums
    return Stream(text, kept_bytes, f"the first convolution keeps {s['stride_height'] * kept_rows} rows of sums")


@dataclass(frozen=True, slots=True)
class _Row:
    """How one row of outputs is made: two columns beside each other, or the halves of the row.

    Attributes:
        lanes: sums that a pair leaves: the greater one, or both.
        pairs: of columns.
        move: words from a pair to the next.
        distance: input values between a pair's columns.
        words: that the row reads, for each row of the input.
    """

    lanes: int
    pairs: int
    move: int
    distance: int
    words: int

    @property
    def sizes(self) -> dict[str, int]:
        """Return what programs of a whole window have in common with a row's, where those serve."""
        return {"pairs": self.pairs, "step": self.move, "distance": self.distance, "words": self.words}


def _row(layer: Layer) -> _Row:
    s = layer.shape
    across, width = s["stride_width"] * s["channels"], s["kernel_width"] * s["channels"]
    if layer.pool[1] == 2:
        pairs = s["out_width"] // 2
        return _Row(1, pairs, 2 * across, across, (pairs - 1) * 2 * across + width)
    pairs = -(-s["out_width"] // 2)
    return _Row(2, pairs, across, (s["out_width"] - pairs) * across, (pairs - 1) * across + width)


def _row_programs(stem: str, layer: Layer, codes: Codes, row: _Row) -> str:
    """Return the programs of one row of a pooled convolution, as the whole window's."""
    groups = filter_groups(layer.taps, row.words, False)
    return make_groups(stem, groups, row.move, codes, row.lanes == 1, False).text + "\n"


def _why_whole(step: Step, number: int, input_shape: tuple[int, ...]) -> str:
    """Return why the first layer cannot keep its sums; empty where it can."""
    if step.kernel != "lanes_conv_2d" or step.layer is None or number != 0:
        return f"it begins with {step.operator.name}, not with a convolution of two lanes"
    shape = step.layer.shape
    if step.layer.pool[1] > 2:
        return "its first convolution is pooled over more than two columns"
    if shape["padded"] or shape["dilation_height"] > 1:
        return "its first convolution has a border or is dilated"
    if len(step.layer.taps) > _MAX_IMMEDIATE or shape["in_height"] == 1:
        return "its first convolution has too many filters, or one row"
    if step.layer.pool != (1, 1) and _greatest_bytes(step.layer) > step.scratch_bytes:
        return "its first convolution's pooled sums do not fit its work memory"
    return ""


def _greatest_bytes(layer: Layer) -> int:
    s, (pool_rows, pool_columns) = layer.shape, layer.pool
    columns = s["out_width"] // 2 if pool_columns == 2 else 2 * -(-s["out_width"] // 2)
    return 4 * (s["out_height"] // pool_rows) * columns * len(layer.taps)
