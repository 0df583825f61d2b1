"""Rows instead of windows: what a first convolution has made of rows it saw before is kept.

A window moves by a row at a time, and a convolution without a border makes of
the rows that stay what it made before, so each new row costs one row of
outputs. Sums are kept, not codes: a relative window adds one number to all
its codes, and conv(x + c) = conv(x) + c · Σw. Any other model keeps the
codes of its rows and runs whole.
"""

import math
from dataclasses import dataclass
from string import Template

from lab.deploy.compiler.arena import Arena
from lab.deploy.compiler.lanes import OUTPUTS_AT_ONCE
from lab.deploy.compiler.step import Step

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
/* The first convolution's sums of the rows seen, by the place in time that its stride gives them. */
static int8_t newest[$kernel_rows][${upper}_ROW_LEN];
static int32_t kept[$phases][$kept_rows][$row_sums];
static uint32_t pushed;

LANES_CODES(stream_codes, "add r0, r12\\n", "adds r2, #$filters\\n")

void ${prefix}_push_row(const int8_t *row) {
    uint32_t *words = (uint32_t *)(void *)(arena + $scratch);
    const struct lane_pack pack = lane_pack_of(1, $distance, $center);
    memmove(newest[0], newest[1], sizeof newest - sizeof newest[0]);
    memcpy(newest[$kernel_rows - 1], row, ${upper}_ROW_LEN);
    pushed = pushed + 1 == ${period}u ? 0 : pushed + 1;
    for (int32_t i = 0; i < $kernel_rows; i++)
        lanes_pack(words + i * $words, newest[i], &pack, $words);
    int32_t *sums = kept[pushed % $phases][pushed / $phases];
    for (int32_t group = 0; group < $groups; group++) {
        ${stem}_groups[group].run(words, sums, words + $pairs * $move);
        sums += ${stem}_groups[group].count * 2 * $pairs;
    }
}

/* Rows first to end of what is kept, as codes. */
static void stream_rows(int8_t *out, int32_t (*rows)[$row_sums], int32_t count, int32_t lift) {
    static const int32_t weight_sums[] = {$weight_sums};
    static const struct lane_codes codes = {$center, $least, $most};
    if (count == 0) return;
    const int32_t *sums = rows[0];
    for (int32_t group = 0, filter = 0; group < $groups; group++) {
        const int32_t together = ${stem}_groups[group].count;
        struct lane_call how = lanes_call(&codes, 2 * together, $filters, $pairs);
        how.rows = count;
        how.sum_row = (int32_t)sizeof rows[0] - $pairs * how.sum_step;
        how.out_row = $out_gap * $filters;
        for (int32_t i = 0; i < together; i++, filter++) {
            lanes_rescale(&how, ${stem}_scales + filter);
            how.lift = how.extra = lift * weight_sums[filter];
            (lanes_are_short(&how) ? stream_codes : lanes_codes_any)(out + filter, sums + 2 * i, &how);
            (lanes_are_short(&how) ? stream_codes : lanes_codes_any)(out + $twin * $filters + filter, sums + 2 * i + 1, &how);
        }
        sums += together * 2 * $pairs;
    }
}

void ${prefix}_step(int32_t lift) {
    const uint32_t last = (pushed + ${period}u - ${late}u) % ${period}u;
    const int32_t oldest = (int32_t)((last / $phases + 1) % $kept_rows);
    int8_t *out = arena + $target;
    ${upper}_MARK(0);
    stream_rows(out, kept[last % $phases] + oldest, $kept_rows - oldest, lift);
    stream_rows(out + ($kept_rows - oldest) * $out_row, kept[last % $phases], oldest, lift);
    finish();
}
""")


@dataclass(frozen=True, slots=True)
class Stream:
    """The streaming part of a model's C.

    Attributes:
        text: functions push_row and step, with what they keep.
        kept_bytes: of RAM, beside the arena.
        note: what is kept, or why nothing is.
    """

    text: str
    kept_bytes: int
    note: str


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
    number = next((number for number, step in enumerate(steps) if step.kernel), 0)
    reason = _why_whole(steps[number], number, input_shape)
    if reason:
        return Stream(_WHOLE.substitute(names, reason=reason), input_len, f"whole windows: {reason}")
    step = steps[number]
    layer, lanes = step.layer, step.lanes
    assert layer is not None
    assert lanes is not None
    s, filters = layer.shape, len(layer.taps)
    pairs, row_sums = lanes["pairs"], 2 * lanes["pairs"] * filters
    late = s["in_height"] - (s["out_height"] - 1) * s["stride_height"] - s["kernel_height"]
    _, least, most = layer.filters.limits
    text = _KEPT.substitute(
        names, stem=f"{prefix}_{number}", kernel_rows=s["kernel_height"], phases=s["stride_height"],
        kept_rows=s["out_height"], row_sums=row_sums, filters=filters, scratch=arena.scratch[number],
        period=s["stride_height"] * s["out_height"], words=lanes["words"], distance=lanes["distance"],
        center=lanes["center"], groups=-(-filters // OUTPUTS_AT_ONCE), pairs=pairs, move=lanes["step"],
        weight_sums=", ".join(str(int(value)) for value in layer.taps.reshape(filters, -1).sum(axis=1)),
        least=least, most=most, out_gap=s["out_width"] - pairs, twin=lanes["twin_column"], late=late,
        target=arena.tensors[step.writes], out_row=s["out_width"] * filters,
    )  # fmt: skip
    kept_bytes = s["kernel_height"] * input_len // s["in_height"] + 4 * s["stride_height"] * s["out_height"] * row_sums
    return Stream(text, kept_bytes, f"the first convolution keeps {s['stride_height'] * s['out_height']} rows of sums")


def _why_whole(step: Step, number: int, input_shape: tuple[int, ...]) -> str:
    """Return why the first layer cannot keep its sums; empty where it can."""
    if step.kernel != "lanes_conv_2d" or step.layer is None or number != 0:
        return f"it begins with {step.operator.name}, not with a convolution of two lanes"
    shape = step.layer.shape
    if step.layer.pool != (1, 1):
        return "its first convolution is pooled"
    if shape["padded"] or shape["dilation_height"] > 1:
        return "its first convolution has a border or is dilated"
    if len(step.layer.taps) > _MAX_IMMEDIATE or shape["in_height"] == 1:
        return "its first convolution has too many filters, or one row"
    return ""
