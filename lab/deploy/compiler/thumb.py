"""Straight-line programs, written down twice: as Thumb-1 for the board and as C for every other machine.

Each instruction is appended in both languages at once, register by register,
so what tests prove of the C on the host holds for the assembly too.

A program is one round of a loop over packed words; kernels/lanes.h has the
loop, `lanes_run`, which all share. r0 walks the words, r6 the sums.
"""

from dataclasses import dataclass, field

WORD_BYTES = 4
SUMS = ("r8", "r9", "r10", "r11", "r12", "lr")
"""High registers: they can be added to, and hold what lanes were emptied into."""
_MAX_IMMEDIATE = 252
_LOOP_CYCLES = 12
_MAX_BYTE_OFFSET = 31


@dataclass(slots=True)
class Program:
    """One function in the making.

    Attributes:
        cycles: of one round of its loop on a Cortex-M0+ without wait states.
    """

    name: str
    cycles: int = 0
    place: int = 0
    _weights_at: int = 0
    _asm: list[str] = field(default_factory=list)
    _c: list[str] = field(default_factory=list)

    def emit(self, asm: str, c: str, cycles: int = 1) -> None:
        """Append an instruction in both languages."""
        self._asm.append(asm)
        self._c.append(c)
        self.cycles += cycles

    def load(self, registers: list[str]) -> None:
        """Load the next words."""
        words = " ".join(f"{reg} = x[{self.place + at}];" for at, reg in enumerate(registers))
        self.emit(f"ldmia r0!, {{{', '.join(registers)}}}", words, 1 + len(registers))
        self.place += len(registers)

    def move_to(self, place: int) -> None:
        """Let the next load read from word `place` of this round."""
        left = (place - self.place) * WORD_BYTES
        while left:
            part = max(-_MAX_IMMEDIATE, min(_MAX_IMMEDIATE, left))
            self.emit(f"{'adds' if part > 0 else 'subs'} r0, #{abs(part)}", "")
            left -= part
        self.place = place

    def times(self, target: str, source: str, factor: int) -> None:
        """target = source * factor, for a factor of 1 to 255."""
        if factor & (factor - 1) == 0:
            shift = factor.bit_length() - 1
            self.emit(f"lsls {target}, {source}, #{shift}", f"{target} = {source} << {shift};")
            return
        self.emit(f"movs {target}, #{factor}", f"{target} = {factor};")
        self.emit(f"muls {target}, {source}, {target}", f"{target} *= {source};")

    def weigh(self, target: str, source: str, place: int) -> None:
        """target = source * the weight at `place`, an unsigned byte; places rise."""
        while place - self._weights_at > _MAX_BYTE_OFFSET:
            step = min(place - self._weights_at, _MAX_IMMEDIATE)
            self.emit(f"adds r7, #{step}", "")
            self._weights_at += step
        self.emit(f"ldrb {target}, [r7, #{place - self._weights_at}]", f"{target} = weights[{place}];", 2)
        self.emit(f"muls {target}, {source}, {target}", f"{target} *= {source};")

    def rewind_weights(self) -> None:
        """Go back to the first weight."""
        while self._weights_at:
            step = min(self._weights_at, _MAX_IMMEDIATE)
            self.emit(f"subs r7, #{step}", "")
            self._weights_at -= step

    def fetch_sums(self) -> None:
        """Make r6, which the program used, the sums' place again."""
        self.emit("ldr r6, [sp, #12]", "", 2)

    def keep_sums(self) -> None:
        """Keep the sums' place for the next round."""
        self.emit("str r6, [sp, #12]", "", 2)

    def add(self, target: str, first: str, second: str, sign: int = 1) -> None:
        """target = first ± second, all low registers."""
        name, operator = ("adds", "+") if sign > 0 else ("subs", "-")
        self.emit(f"{name} {target}, {first}, {second}", f"{target} = {first} {operator} {second};")

    def split(self, lanes: str, low: str) -> None:
        """Take two signed lanes apart: low becomes the low one, `lanes` the high one."""
        self.emit(f"sxth {low}, {lanes}", f"{low} = (uint32_t)(int16_t)(uint16_t){lanes};")
        self.add(lanes, lanes, low, -1)
        self.emit(f"asrs {lanes}, {lanes}, #16", f"{lanes} = (uint32_t)((int32_t){lanes} >> 16);")

    def keep(self, high: str, source: str, first: bool) -> None:
        """Add a low register to a high one, or set it the first time."""
        self.emit(f"{'mov' if first else 'add'} {high}, {source}", f"{high} {'' if first else '+'}= {source};")

    def fetch(self, target: str, high: str) -> None:
        """Add a high register to a low one."""
        self.emit(f"add {target}, {high}", f"{target} += {high};")

    def greater(self, target: str, other: str) -> None:
        """target = the greater of two signed values."""
        asm = f"cmp {target}, {other}\n    bge 1f\n    mov {target}, {other}\n1:"
        self.emit(asm, f"if ((int32_t){target} < (int32_t){other}) {target} = {other};", 3)

    def store(self, registers: list[str]) -> None:
        """Append registers, in rising order, to the sums."""
        words = " ".join(f"*out++ = (int32_t){reg};" for reg in registers)
        self.emit(f"stmia r6!, {{{', '.join(registers)}}}", words, 1 + len(registers))

    def text(self, step: int) -> str:
        """Return the function in both languages.

        Args:
            step: words from one round to the next.
        """
        self.move_to(step)
        self.cycles += _LOOP_CYCLES
        return _FUNCTION.format(
            name=self.name,
            asm="".join(f'        "{part.strip()}\\n"\n' for line in self._asm for part in line.split("\n")),
            registers=", ".join(f"{name} = 0" for name in _used(self._c)),
            c="".join(f"        {line}\n" for line in self._c if line),
            step=step,
        )

    @property
    def code_bytes(self) -> int:
        """Return the size of the Thumb code, roughly: two bytes a line."""
        return 2 * sum(line.count("\n") + 1 for line in self._asm) + 4


def _used(lines: list[str]) -> list[str]:
    text = " ".join(lines)
    return [name for name in ("r1", "r2", "r3", "r4", "r5", "r6", "r7", *SUMS) if f"{name} " in text]


_FUNCTION = """\
#if defined(__ARM_ARCH_6M__) && defined(__thumb__)
__attribute__((naked, noinline)) static int32_t *{name}(const uint32_t *x __attribute__((unused)),
    int32_t *out __attribute__((unused)), const uint32_t *end __attribute__((unused)),
    const uint8_t *weights __attribute__((unused))) {{
    __asm__ volatile(
        ".syntax unified\\n"
{asm}        "ldr r2, [sp]\\n"
        "bx r2\\n");
}}
#else
static int32_t *{name}(const uint32_t *x, int32_t *out, const uint32_t *end, const uint8_t *weights) {{
    uint32_t {registers};
    (void)weights;
    for (; x != end; x += {step}) {{
{c}    }}
    return out;
}}
#endif
"""
