"""What a caller must know of a model's ends, and how the header tells it."""

from dataclasses import dataclass

from lab.deploy.tflite import Tensor

_LAST = " * operators: "


@dataclass(frozen=True, slots=True)
class End:
    """An input or an output of a model.

    Attributes:
        shape: with its batch of one.
        scale: real value = scale · (code - zero point).
        zero_point: the code of 0.
        size: number of codes.
    """

    shape: tuple[int, ...]
    scale: float
    zero_point: int
    size: int

    @classmethod
    def of(cls, tensor: Tensor) -> "End":
        """Return the end that a tensor is."""
        return cls(tensor.shape, float(tensor.scales[0]), int(tensor.zero_points[0]), tensor.size)

    def __str__(self) -> str:
        return f"int8 {self.shape}, scale {self.scale!r}, zero point {self.zero_point}"


def card_of(sha256: str, inputs: tuple[End, ...], outputs: tuple[End, ...]) -> dict[str, str]:
    """Return the head of a model's card: where it comes from, what goes in and out."""
    said = {"source": f".tflite, SHA-256 {sha256}"}
    for what, found in (("input", inputs), ("output", outputs)):
        said |= {f"{what} {number}" if len(found) > 1 else what: str(end) for number, end in enumerate(found)}
    return said


def with_cycles(header: str, cycles: int) -> str:
    """Return a model's header whose card also tells what an inference costs."""
    said = f" * cycles: {cycles} an inference on a Cortex-M0+ (emulated, code and data in SRAM)\n"
    return header.replace(_LAST, said + _LAST, 1)
