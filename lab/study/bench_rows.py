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
        2_230_000, "Multiplies: 86 k MAC are 43 k pairs of immediate, multiply and add, 130 k cycles. The convolution "
        "takes 217 k: emptying lanes 50 k of the rest, then loads and 288 codes. Resizing takes 13 k, the dense layer "
        "6 k."),
    Row("column_cycles", "one spectrogram column, equal to CMSIS-DSP", 60_000, "cycles", 147_000, 147_000, 61_000,
        "Unpacking: 96 butterflies at about 125 cycles, 16 of them loads and stores; 129 roots at 57 when "
        "loud, 40 when quiet; window, first stage and split 14 k. The loads, stores and multiplies alone are 9 k."),
    Row("hop_cycles_small", "article-sized network on default features: features, inference, decision; mean of hops",
        300_000, "cycles", 3_700_000, 2_500_000, None, "Features, four columns: 150 k. The model takes 40 k: one new "
        "row of the convolution 20 k (multiplies 10 k of it), the greatest of kept sums and their codes 13 k, dense "
        "6 k."),
    Row("hop_cycles", "the default detector: features, inference, decision; mean of hops of noise, then an alarm",
        800_000, "cycles", 3_700_000, 2_500_000, 2_584_000, "Multiplies, and flash: weights read as bytes take 5 "
        "cycles a pair where immediates take 3.5. Features take 150 k; while windows are lifted alike the model "
        "takes 480 k: one new row of three layers 95 k, their pool 20 k, the two layers behind it whole 98 k and "
        "203 k (128 k with all the flash), dense 64 k (5.7 a MAC; two lanes would take 2.8 and twice the bytes)."),
    Row("hop_cycles_greatest", "the same, the hop that takes longest: the 32 ms of a hop are the limit", 4_000_000,
        "cycles", 3_700_000, 2_500_000, 2_584_000, "When the lift changes, nothing kept is worth anything: the next "
        "two windows make 38 rows of three layers, 1,180 k, and the rest. Multiplies are 300 k of that, codes 300 k, "
        "packing 120 k."),
    Row("pdm_cycles", "PDM decimation of one hop", 100_000, "cycles", None, None, 127_800,
        "Loads: 10 look-ups of 3 words a sample, 40 cycles of 180 to load, 30 to add, 60 to find them."),
    Row("pcqat_over_ptq", "convolution: half zeros and 8 clusters, over neither", 0.55, "ratio", None, 1.0, 1.0,
        "Loads: equal weights add before they multiply, so a weight left costs one add and 1.7 cycles to load its word "
        "for one filter, 90 of 156 cycles for two outputs; seven sums are taken apart and multiplied in 49. Packing "
        "and codes, 28 k of 118 k, stay; without them it would be 0.47. Adds alone are 18 k."),
    Row("model_flash_bytes", "default detector's model and its code", 32 * 1024, "bytes", None, 121_000, None,
        "The dense layer's 11,264 weights take a byte each, the other layers' 2,288 a byte or six, 11 k with the "
        "programs that multiply with them, rules of scaling 2.6 k, kernels and the C library's copying 5.6 k. "
        "Counted in a build of what runs. Unlimited, the fastest kernels would take 42 k."),
    Row("arena_bytes", "default detector's arena; rows that streaming keeps are apart", 8 * 1024, "bytes", 131_072,
        18_848, 7_492, "The first convolution's and the depthwise one's outputs, 5,856, which a whole inference holds "
        "at once, and the packed words of a channel."),
    Row("ds_cnn_s_cycles_per_mac", "keyword model of 2.7 M MAC, whole inference", 3.5, "cycles a MAC", None, 18.0, None,
        "Where codes use all 8 bits four average weights fill a lane, so a point-wise MAC takes 1.5 to multiply, 0.3 "
        "to load, 0.8 to empty lanes, 0.3 for codes: 2.9 in all. Depthwise ones take 7.8, for packing and codes. Its "
        "code, 223 KB, and its arena leave no room for more in SRAM: it runs alone."),
    Row("firmware_flash_bytes", "whole detector firmware", 96 * 1024, "bytes", None, 121_000, 55_896,
        "The model 30 k, USB, C library and Pico SDK 25 k; spectrum, features, filter, rule and commands with their "
        "tables 15 k. Weights of a byte each are 13 k of it, and no USB stack of the SDK is smaller."),
    Row("firmware_ram_bytes", "whole detector firmware: kernels and buffers in SRAM", 96 * 1024, "bytes", 131_072, None,
        93_160, "Rows kept 13 k, the model's code 12 k, PDM tables 10.5 k, microphone buffers 8 k, arena 8 k. The SDK "
        "and a dense layer's weights, which are read once a hop, stay in flash: its cache is not emulated, and "
        "costs at most 85 k cycles a hop (1,408 lines of 60)."),
    Row("rebuild_s", "from a new model to its .uf2 in a configured tree, on this machine", 5, "s", None, None, None,
        "One file to compile, one image to link; the compiler's own share is the search for scaling rules."),
)  # fmt: skip
