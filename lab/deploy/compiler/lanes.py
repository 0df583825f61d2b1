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
_LANES = ("r3", "r4", "r5")
_WORDS = ("r1", "r7")
_WORK = "r2"


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes that a tensor can hold, as lanes see them."""

    low: int
    high: int

    @property
    def center(self) -> int:
        """Return what packing subtracts."""
        return (self.low + self.high + 1) // 2

    @property
    def reach(self) -> int:
        """Return how far from the center a code can be."""
        return max(self.high - self.center, self.center - self.low, 1)

    @property
    def weight_limit(self) -> int:
        """Return the sum of weight magnitudes that lanes hold."""
        return _LANE_MAX // self.reach


@dataclass(slots=True)
class _Output:
    """One output's lanes while its program is written."""

    place: int
    total: int = 0
    is_started: bool = False
    is_emptied: bool = False

    @property
    def lanes(self) -> str:
        return _LANES[self.place]

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
    outputs = [_Output(place) for place in range(len(weights))]
    read = sorted({place for output in weights for place in output})
    while read:
        together = 2 if len(read) > 1 and read[1] == read[0] + 1 else 1
        program.move_to(read[0])
        program.load(list(_WORDS[:together]))
        for place, word in zip(read[:together], _WORDS, strict=False):
            here = [(output, row[place]) for output, row in zip(outputs, weights, strict=True) if place in row]
            _multiply(program, word, here, limit)
        read = read[together:]
    _finish(program, outputs, pooled)
    return program


def _multiply(program: Program, word: str, here: list[tuple[_Output, int]], limit: int) -> None:
    """Add one word's products, the least weight first: equal weights share a product, and near ones most of it."""
    for output, weight in here:
        if output.total + abs(weight) > limit:
            _empty(program, output)
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
            _accumulate(program, output, _WORK, weight)


def _derives(made: int, size: int) -> bool:
    return made > 0 and size in (made, made + 1, 2 * made, 4 * made, 8 * made)


def _make(program: Program, word: str, made: int, size: int) -> None:
    if not _derives(made, size):
        program.times(_WORK, word, size)
    elif size == made + 1:
        program.add(_WORK, _WORK, word)
    elif size != made:
        program.times(_WORK, _WORK, size // made)


def _accumulate(program: Program, output: _Output, product: str, weight: int) -> None:
    lanes = output.lanes
    if output.is_started:
        program.add(lanes, lanes, product, 1 if weight > 0 else -1)
    elif weight > 0:
        program.emit(f"movs {lanes}, {product}", f"{lanes} = {product};")
    else:
        program.emit(f"rsbs {lanes}, {product}, #0", f"{lanes} = 0u - {product};")
    output.is_started = True


def _empty(program: Program, output: _Output) -> None:
    if output.is_started:
        low, high = output.sums
        program.split(output.lanes, _WORK)
        program.keep(low, _WORK, not output.is_emptied)
        program.keep(high, output.lanes, not output.is_emptied)
        output.is_emptied = True
    output.total, output.is_started = 0, False


def _finish(program: Program, outputs: list[_Output], pooled: bool) -> None:
    for output in outputs:
        if not output.is_started:  # every weight is zero
            program.emit(f"movs {output.lanes}, #0", f"{output.lanes} = 0;")
        program.split(output.lanes, _WORK)
        if output.is_emptied:
            low, high = output.sums
            program.fetch(_WORK, low)
            program.fetch(output.lanes, high)
        if pooled:
            program.greater(output.lanes, _WORK)
        else:
            program.store([_WORK, output.lanes])
    if pooled:
        program.store([output.lanes for output in outputs])
