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
        "takes 213 k: the rest is loads, emptying lanes and 288 codes. Resizing takes 14 k, the dense layer 6 k."),
    Row("column_cycles", "one spectrogram column, equal to CMSIS-DSP", 60_000, "cycles", 147_000, 147_000, 61_000,
        "Unpacking: 96 butterflies at about 125 cycles, 16 of them loads and stores; 129 roots at 57 when "
        "loud, 40 when quiet; window, first stage and split 14 k. The loads, stores and multiplies alone are 9 k."),
    Row("hop_cycles_small", "article-sized network on default features: features, inference, decision; mean of hops",
        300_000, "cycles", 3_700_000, 2_500_000, None, "Features, four columns: 150 k. The model takes 38 k: one new "
        "row of the convolution 19 k (multiplies 10 k of it), the greatest of kept sums and their codes 13 k, dense "
        "6 k."),
    Row("hop_cycles", "the default detector: features, inference, decision; mean of hops of noise, then an alarm",
        800_000, "cycles", 3_700_000, 2_500_000, 2_584_000, "Multiplies and codes. Features take 150 k; while windows "
        "are lifted alike the model takes 395 k: one new row of three layers 79 k, their pool 45 k, the two layers "
        "behind it whole 208 k (multiplies 87 k, 2,112 codes 35 k, packing and emptying lanes the rest), dense 62 k "
        "(5.5 a MAC; two lanes would take 2.8 and twice the bytes). Pools and dense layers are computed whole."),
    Row("hop_cycles_greatest", "the same, the hop that takes longest: the 32 ms of a hop are the limit", 4_000_000,
        "cycles", 3_700_000, 2_500_000, 2_584_000, "When the lift changes, nothing kept is worth anything: the next "
        "two windows make 38 rows of three layers, 990 k, and the rest. Multiplies are 254 k of that, codes 300 k, "
        "packing 120 k."),
    Row("pdm_cycles", "PDM decimation of one hop", 100_000, "cycles", None, None, 127_800,
        "Loads: 10 look-ups of 3 words a sample, 40 cycles of 180 to load, 30 to add, 60 to find them."),
    Row("pcqat_over_ptq", "convolution: half zeros and 8 clusters, over neither", 0.55, "ratio", None, 1.0, 1.0,
        "Loads and codes stay: three filters read a word together, so only an eighth of them falls away with half of "
        "the weights, and equal weights of different words share nothing, for lack of registers."),
    Row("model_flash_bytes", "default detector's model and its code", 32 * 1024, "bytes", None, 121_000, None,
        "Straight-line code: 6 bytes a weight, 23 k for 2,288 weights with emptying and storing. The dense layer's "
        "11,264 weights take a byte each, rules of scaling 3.5 k, kernels 4 k. Counted in a build of what runs."),
    Row("arena_bytes", "default detector's arena; rows that streaming keeps are apart", 8 * 1024, "bytes", 131_072,
        18_848, 7_492, "The first convolution's and the depthwise one's outputs, 5,856, which a whole inference holds "
        "at once, and the packed words of a channel."),
    Row("ds_cnn_s_cycles_per_mac", "keyword model of 2.7 M MAC, whole inference", 3.5, "cycles a MAC", None, 18.0, None,
        "Emptying lanes: where codes use all 8 bits, four average weights fill a lane, so a pointwise MAC takes 1.5 to "
        "multiply, 0.3 to load, 1.3 to empty; 3.9 in all. Two of four pointwise layers have no room for their "
        "code, 38 k each, and take 6.0; depthwise ones take 10, for packing and codes."),
    Row("firmware_flash_bytes", "whole detector firmware", 96 * 1024, "bytes", None, 121_000, 55_896,
        "The model 37 k, USB and the Pico SDK 25 k."),
    Row("firmware_ram_bytes", "whole detector firmware: kernels and buffers in SRAM", 96 * 1024, "bytes", 131_072, None,
        93_160, "The model's code 24 k, rows kept 13 k, PDM tables 10.5 k, microphone buffers 8 k, arena 8 k. The SDK "
        "and a dense layer's weights, which are read once a hop, stay in flash: its cache is not emulated, and "
        "costs at most 85 k cycles a hop (1,408 lines of 60)."),
)  # fmt: skip
