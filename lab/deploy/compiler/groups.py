"""A layer's programs: a group of filters each, the cheapest of their kinds, or one that all groups share."""

from collections.abc import Sequence
from dataclasses import dataclass

from lab.deploy.compiler.clusters import cluster_program
from lab.deploy.compiler.fixed import Ints
from lab.deploy.compiler.lanes import OUTPUTS_AT_ONCE, Codes, lane_program
from lab.deploy.compiler.shared import shared_program
from lab.deploy.compiler.thumb import Program

Weights = dict[int, int]
"""An output's weights that are not 0, by the word they multiply."""


@dataclass(frozen=True, slots=True)
class Groups:
    """What runs a layer.

    Attributes:
        text: C of the programs and of `STEM_groups`.
        code_bytes: of instructions, weights among them, and tables.
        cycles: of one round of every group.
        clustered: how many groups add equal weights' words before they multiply.
    """

    text: str
    code_bytes: int
    cycles: int
    clustered: int = 0


def filter_groups(taps: Ints, words: int, is_shared: bool) -> list[list[Weights]]:
    """Return the groups of a convolution's filters; where they share a program, the last may repeat some."""
    count = len(taps)
    starts: Sequence[int] = range(0, count, OUTPUTS_AT_ONCE)
    if is_shared and count > OUTPUTS_AT_ONCE:
        starts = [min(start, count - OUTPUTS_AT_ONCE) for start in starts]
    return [[by_word(filter_taps, words) for filter_taps in taps[at : at + OUTPUTS_AT_ONCE]] for at in starts]


def make_groups(
    stem: str, groups: list[list[Weights]], step: int, codes: Codes, pooled: bool, is_shared: bool
) -> Groups:
    """Return the programs of a layer.

    Args:
        stem: begins every name.
        groups: of outputs that are made together.
        step: words from one round to the next.
        codes: of the input.
        pooled: keep only the greater lane of each output, instead of both.
        is_shared: one program for all groups, and their weights as bytes.
    """
    if is_shared:
        program, weights = shared_program(f"{stem}_program", groups, codes.weight_limit, pooled)
        programs, clustered, size = [program], 0, weights.size
        table = f"static const uint8_t {stem}_bytes[{size or 1}] = {{{', '.join(map(str, weights.ravel()))}}};\n"
        fields = f"{stem}_bytes, {weights.shape[1]}"
    else:
        made = [_cheapest(f"{stem}_group_{number}", group, codes, pooled) for number, group in enumerate(groups)]
        programs, clustered, size = [program for program, _ in made], sum(is_clustered for _, is_clustered in made), 0
        table, fields = "", "NULL, 0"
    text = "".join(program.text(step) for program in programs)
    names = "".join(f"    {program.name},\n" for program in programs)
    text += (
        f"static lane_program *const {stem}_programs[{len(programs)}] = {{\n{names}}};\n{table}"
        f"static const struct lane_groups {stem}_groups = {{{stem}_programs, {fields}, {len(groups[0])}}};\n"
    )
    code_bytes = size + sum(program.code_bytes + 4 for program in programs)
    rounds = len(groups) if is_shared else 1
    return Groups(text, code_bytes, rounds * sum(program.cycles for program in programs), clustered)


def _cheapest(name: str, group: list[Weights], codes: Codes, pooled: bool) -> tuple[Program, bool]:
    plain = lane_program(name, group, codes.weight_limit, pooled)
    clustered = cluster_program(name, group, codes, pooled)
    if clustered is not None and clustered.cycles < plain.cycles:
        return clustered, True
    return plain, False


def by_word(taps: Ints, words: int, first_row: int = 0) -> Weights:
    """Return the weights that are not 0, by their word; taps are (rows, columns, channels)."""
    height, width, channels = taps.shape
    return {
        (first_row + row) * words + column * channels + channel: int(taps[row, column, channel])
        for row in range(height) for column in range(width) for channel in range(channels)
        if taps[row, column, channel]
    }  # fmt: skip
