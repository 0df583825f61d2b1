"""Two outputs in one multiplication: weights times a word that holds two inputs, one a half.

A word is `first + second * 2^16` of two signed inputs, so a word times a weight
holds two products, and a sum of such words two sums, as long as the low
half's stays within 16 bits. The proof is a bound: the lanes are emptied into
32 bits before the weights' magnitudes sum to more than 32767 / reach, where
no input is further than `reach` from `center`, which packing subtracts.
"""

from dataclasses import dataclass

from lab.deploy.compiler.thumb import SUMS, Program

OUTPUTS_AT_ONCE = 3
"""As many as have a register for their lanes, and two for what those were emptied into."""
_LANE_MAX = 2**15 - 1
LANES = ("r3", "r4", "r5")
_WORDS = ("r1", "r7")
WORK = "r2"


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes that a tensor can hold, as lanes see them: around a center, or from the least one on."""

    low: int
    high: int
    is_unsigned: bool = False

    @property
    def center(self) -> int:
        """Return what packing subtracts."""
        return self.low if self.is_unsigned else (self.low + self.high + 1) // 2

    @property
    def reach(self) -> int:
        """Return how far from the center a code can be."""
        return max(self.high - self.center, self.center - self.low, 1)

    @property
    def weight_limit(self) -> int:
        """Return the sum of weight magnitudes that lanes hold."""
        return _LANE_MAX // self.reach

    @classmethod
    def of(cls, lanes: dict[str, int]) -> "Codes":
        """Return the codes that a step in lanes was made for."""
        return cls(lanes["low"], lanes["high"], bool(lanes["is_unsigned"]))


@dataclass(slots=True)
class Output:
    """One output's lanes while its program is written."""

    place: int
    total: int = 0
    is_started: bool = False
    is_emptied: bool = False

    @property
    def lanes(self) -> str:
        return LANES[self.place]

    @property
    def sums(self) -> tuple[str, str]:
        return SUMS[2 * self.place], SUMS[2 * self.place + 1]


def lane_program(name: str, weights: list[dict[int, int]], limit: int, pooled: bool) -> Program:
    """Return the program of up to three outputs that read the same words.

    Args:
        name: of the C function.
        weights: for each output its weights, not 0, by the word they multiply; each within ±255.
        limit: as `Codes.weight_limit`.
        pooled: keep only the greater lane of each output, instead of both.
    """
    program = Program(name)
    outputs = [Output(place) for place in range(len(weights))]
    read = sorted({place for output in weights for place in output})
    while read:
        together = 2 if len(read) > 1 and read[1] == read[0] + 1 else 1
        program.move_to(read[0])
        program.load(list(_WORDS[:together]))
        for place, word in zip(read[:together], _WORDS, strict=False):
            here = [(output, row[place]) for output, row in zip(outputs, weights, strict=True) if place in row]
            _multiply(program, word, here, limit)
        read = read[together:]
    finish(program, outputs, pooled)
    return program


def _multiply(program: Program, word: str, here: list[tuple[Output, int]], limit: int) -> None:
    """Add one word's products, the least weight first: equal weights share a product, and near ones most of it."""
    for output, weight in here:
        if output.total + abs(weight) > limit:
            keep_lanes(program, output)
        output.total += abs(weight)
    here = sorted(here, key=lambda item: abs(item[1]))
    made = 0
    for at, (output, weight) in enumerate(here):
        size = abs(weight)
        following = abs(here[at + 1][1]) if at + 1 < len(here) else 0
        if size == 1:
            _accumulate(program, output, word, weight)
        elif not made and weight > 0 and not output.is_started and not _derives(size, following):
            program.times(output.lanes, word, size)
            output.is_started = True
        else:
            _make(program, word, made, size)
            made = size
            _accumulate(program, output, WORK, weight)


def _derives(made: int, size: int) -> bool:
    return made > 0 and size in (made, made + 1, 2 * made, 4 * made, 8 * made)


def _make(program: Program, word: str, made: int, size: int) -> None:
    if not _derives(made, size):
        program.times(WORK, word, size)
    elif size == made + 1:
        program.add(WORK, WORK, word)
    elif size != made:
        program.times(WORK, WORK, size // made)


def _accumulate(program: Program, output: Output, product: str, weight: int) -> None:
    lanes = output.lanes
    if output.is_started:
        program.add(lanes, lanes, product, 1 if weight > 0 else -1)
    elif weight > 0:
        program.emit(f"movs {lanes}, {product}", f"{lanes} = {product};")
    else:
        program.emit(f"rsbs {lanes}, {product}, #0", f"{lanes} = 0u - {product};")
    output.is_started = True


def keep_lanes(program: Program, output: Output) -> None:
    """Add what lanes hold to the output's sums."""
    if output.is_started:
        low, high = output.sums
        program.split(output.lanes, WORK)
        program.keep(low, WORK, not output.is_emptied)
        program.keep(high, output.lanes, not output.is_emptied)
        output.is_emptied = True
    output.total, output.is_started = 0, False


def finish(program: Program, outputs: list[Output], pooled: bool) -> None:
    """Store every output's sums: both, or the greater one."""
    for output in outputs:
        if not output.is_started:  # every weight is zero
            program.emit(f"movs {output.lanes}, #0", f"{output.lanes} = 0;")
        program.split(output.lanes, WORK)
        if output.is_emptied:
            low, high = output.sums
            program.fetch(WORK, low)
            program.fetch(output.lanes, high)
        if pooled:
            program.greater(output.lanes, WORK)
        else:
            program.store([WORK, output.lanes])
    if pooled:
        program.store([output.lanes for output in outputs])
