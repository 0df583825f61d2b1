"""The rows of the device bench: what each figure is, its goal, what others need, what limits it."""

from dataclasses import asdict, dataclass
from typing import Any

ARTICLE_MODEL = 3_000_000
"""The article's 24 ms at 125 MHz."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        key: its name in JSON.
        what: what is measured.
        goal: at most this.
        unit: of goal and figure.
        article: what the article states or its code needs, where it has one.
        peer: TFLM with CMSIS-NN, or CMSIS-DSP, on the same emulator.
        plain_c: this project's portable C, as it was before the M0+ kernels.
        limit: what bounds it, and how far the code is from that.
    """

    key: str
    what: str
    goal: float
    unit: str
    article: float | None
    peer: float | None
    plain_c: float | None
    limit: str

    def to_json(self, measured: float | None) -> dict[str, Any]:
        """Return the row with its figure; `met` is null where there is none."""
        return {**asdict(self), "measured": measured, "met": None if measured is None else measured <= self.goal}


ROWS = (
    Row("published_model_cycles", "the article's model, whole inference", 250_000, "cycles", ARTICLE_MODEL, 1_970_000,
        2_230_000, "Multiplies: 80 k MAC are 40 k at two outputs a multiply, each with a load and an add."),
    Row("column_cycles", "one spectrogram column, equal to CMSIS-DSP", 60_000, "cycles", 147_000, 147_000, 61_000,
        "Unpacking: 96 butterflies at about 125 cycles, 16 of them loads and stores; 129 roots at 57 when "
        "loud, 40 when quiet; window, first stage and split 14 k. The loads, stores and multiplies alone are 9 k."),
    Row("hop_cycles_small", "article-sized network on default features: features, inference, decision", 300_000,
        "cycles", 3_700_000, 2_500_000, None, "Features are four columns; new outputs only for new rows of the model."),
    Row("hop_cycles", "the default detector: features, inference, decision", 800_000, "cycles", 3_700_000, 2_500_000,
        2_584_000, "The pointwise and depthwise convolutions of the new rows, then features."),
    Row("pdm_cycles", "PDM decimation of one hop", 100_000, "cycles", None, None, 127_800,
        "Loads: 10 look-ups of 3 words a sample, 40 cycles of 180 to load, 30 to add, 60 to find them."),
    Row("pcqat_over_ptq", "convolution: half zeros and 8 clusters, over neither", 0.55, "ratio", None, 1.0, 1.0,
        "A zero weight costs nothing; reading the pixels and requantizing stay."),
    Row("model_flash_bytes", "default detector's model and its code", 32 * 1024, "bytes", None, 121_000, None,
        "Straight-line code: an instruction or two a weight."),
    Row("arena_bytes", "default detector's arena; the ring of features is 992 bytes more", 8 * 1024, "bytes", 131_072,
        18_848, 7_492, "The first convolution's output."),
    Row("ds_cnn_s_cycles_per_mac", "keyword model of 2.7 M MAC, whole inference", 3.5, "cycles a MAC", None, 18.0, None,
        "Pointwise convolutions: a load, half a multiply and an add for each MAC."),
    Row("firmware_flash_bytes", "whole detector firmware", 96 * 1024, "bytes", None, 121_000, 55_896,
        "The model, USB and the Pico SDK."),
    Row("firmware_ram_bytes", "whole detector firmware: all code runs in SRAM", 96 * 1024, "bytes", 131_072, None,
        93_160, "Code itself, then PDM tables 10.5 KiB, microphone buffers 8 KiB, the model's arena and kept rows."),
)  # fmt: skip
