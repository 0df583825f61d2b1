"""Equal weights add before they multiply: for filters of few distinct weights, as clustering leaves them.

Each weight's words are added up in a register of its own, one instruction a
word; then the lanes of each register are taken apart and multiplied once. A
word's first lane is taken off exactly by what its second holds,

    high = sum of w · (second lanes),  all = sum of w · (whole registers),  low = all - high · 2^16  mod 2^32,

and `asrs #16` leaves bit 15, whether the first lane borrowed, in the carry.
"""

from dataclasses import dataclass

from lab.deploy.compiler.lanes import Codes
from lab.deploy.compiler.thumb import Program

_LOADED = ("r1", "r2", "r3", "r4", "r5", "r7")
"""For words, and when those are added up for lanes; some are lent to sums."""
_LOW = ("r2", "r3", "r4")
"""Registers that can also be subtracted from: weights w and -w share one."""
_HIGH = ("r8", "r9", "r10", "r11", "r12", "lr")
MAX_CLUSTERS = len(_LOW) + len(_HIGH)
_MAX_SKIP = 63
_FAR = 8


@dataclass(frozen=True, slots=True)
class _Slot:
    """A register and what its sum is multiplied with."""

    register: str
    weight: int


def cluster_program(name: str, weights: list[dict[int, int]], codes: Codes, pooled: bool) -> Program | None:
    """Return the program of outputs one after another; None where one has too many distinct weights.

    Args:
        name: of the C function.
        weights: for each output its weights, not 0, by the word they multiply.
        codes: of the input; unsigned ones need one instruction less for each register.
        pooled: keep only the greater lane of each output, instead of both.
    """
    program = Program(name)
    for number, output in enumerate(weights):
        slots = _slots(output, codes.is_unsigned)
        if slots is None or codes.reach * len(output) >= 2**15 or not output:
            return None
        loaded = [register for register in _LOADED if register not in {slot.register for slot in slots}]
        _add_up(program, output, slots, loaded, number % 2 == 1)
        low, high = _combine(program, slots, codes.is_unsigned)
        if pooled:
            program.greater(high, low)
            program.store([high])
        else:
            program.store([low])
            program.store([high])
    return program


def _slots(output: dict[int, int], is_unsigned: bool) -> list[_Slot] | None:
    values = set(output.values())
    paired = sorted({abs(value) for value in values if -value in values})
    single = sorted((value for value in values if -value not in values), key=abs)
    if is_unsigned and paired:  # a sum may fall below 0
        return None
    if len(paired) > len(_LOW) or len(paired) + len(single) > MAX_CLUSTERS:
        return None
    registers = [*_LOW[: len(paired)], *_HIGH, *_LOW[len(paired) :]]  # low ones are better free at the end
    return [_Slot(register, value) for register, value in zip(registers, [*paired, *single], strict=False)]


def _add_up(program: Program, output: dict[int, int], slots: list[_Slot], loaded: list[str], is_upwards: bool) -> None:
    """Add every word to its weight's register; upwards begins with the last row, where another output ended."""
    started: set[str] = set()
    runs = _runs(sorted(output), len(loaded))
    for run in _upwards(runs) if is_upwards else runs:
        program.move_to(run[0])
        program.load(loaded[: run[-1] - run[0] + 1])
        for place in run:
            word, weight = loaded[place - run[0]], output[place]
            slot = next(slot for slot in slots if abs(slot.weight) == abs(weight) and
                        (slot.weight == weight or -slot.weight in output.values()))  # fmt: skip
            register, is_minus = slot.register, weight != slot.weight
            if register in _LOW and register in started:
                program.add(register, register, word, -1 if is_minus else 1)
            elif is_minus:
                program.emit(f"rsbs {register}, {word}, #0", f"{register} = 0u - {word};")
            else:
                program.keep(register, word, register not in started)
            started.add(register)


def _runs(places: list[int], most: int) -> list[list[int]]:
    """Return the words that are loaded together, up to `most` beside each other, at the least cycles."""
    best: list[tuple[int, int]] = [(0, 0)] * (len(places) + 1)
    for at in range(len(places) - 1, -1, -1):
        options = []
        for after in range(at + 1, min(at + most, len(places)) + 1):
            if places[after - 1] - places[at] >= most:
                break
            gap = places[after] - places[after - 1] - 1 if after < len(places) else 0
            cost = 2 + places[after - 1] - places[at] + -(-gap // _MAX_SKIP)
            options.append((cost + best[after][0], after))
        best[at] = min(options)
    runs, at = [], 0
    while at < len(places):
        runs.append(places[at : best[at][1]])
        at = best[at][1]
    return runs


def _upwards(runs: list[list[int]]) -> list[list[int]]:
    """Return runs with their rows, which are far apart, in reverse."""
    rows: list[list[list[int]]] = []
    for run in runs:
        if rows and run[0] - rows[-1][-1][-1] <= _FAR:
            rows[-1].append(run)
        else:
            rows.append([run])
    return [run for row in reversed(rows) for run in row]


def _combine(program: Program, slots: list[_Slot], is_unsigned: bool) -> tuple[str, str]:
    """Multiply and add what the registers hold; return the registers of both lanes."""
    used = [slot.register for slot in slots]
    free = [register for register in _LOADED if register not in used]
    whole = high = zero = ""
    left = sum(register in _LOW for register in used)
    for slot in sorted(slots, key=lambda slot: slot.register not in _LOW):
        left -= 1
        source = slot.register
        if source in _HIGH:
            source = free.pop()
            program.emit(f"mov {source}, {slot.register}", f"{source} = {slot.register};")
        upper = free.pop()
        if not is_unsigned and not zero and len(free) >= (3 if left > 0 else 2):
            zero = free.pop(0)
            program.emit(f"movs {zero}, #0", f"{zero} = 0;")
        if is_unsigned:
            program.emit(f"lsrs {upper}, {source}, #16", f"{upper} = {source} >> 16;")
        else:
            _second(program, upper, source, zero)
        size, sign = abs(slot.weight), 1 if slot.weight > 0 else -1
        if size & (size - 1):
            factor = free[-1]
            program.emit(f"movs {factor}, #{size}", f"{factor} = {size};")
            for target in (upper, source):
                program.emit(f"muls {target}, {factor}, {target}", f"{target} *= {factor};")
        elif size > 1:
            program.times(upper, upper, size)
            program.times(source, source, size)
        if whole:
            program.add(whole, whole, source, sign)
            program.add(high, high, upper, sign)
            free += [source, upper]
        else:
            whole, high = source, upper
            if sign < 0:
                for target in (whole, high):
                    program.emit(f"rsbs {target}, {target}, #0", f"{target} = 0u - {target};")
    work = free[-1]
    program.times(work, high, 1 << 16)
    program.add(whole, whole, work, -1)
    return whole, high


def _second(program: Program, target: str, lanes: str, zero: str) -> None:
    """target = the second of two signed lanes; `zero` is a register that holds 0, if any."""
    if zero:
        program.emit(f"asrs {target}, {lanes}, #16", f"{target} = (uint32_t)((int32_t){lanes} >> 16);")
        program.emit(f"adcs {target}, {zero}", f"{target} += {zero} + ({lanes} >> 15 & 1);")
        return
    program.emit(f"sxth {target}, {lanes}", f"{target} = (uint32_t)(int16_t)(uint16_t){lanes};")
    program.add(target, lanes, target, -1)
    program.emit(f"asrs {target}, {target}, #16", f"{target} = (uint32_t)((int32_t){target} >> 16);")
