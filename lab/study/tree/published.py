"""The article's own tables, to stand beside what was measured here.

Source: "TensorFlow Model Optimization Toolkit — Collaborative Optimization
API", M. N. Abouelseoud and E. Zhelezina, Arm, TensorFlow blog. Accuracies in
percent; bytes of the .tflite and of its gzip; None where it gives none.
"""

from typing import NamedTuple


class Published(NamedTuple):
    """One column of the article's tables."""

    model: str
    path: str
    accuracy_fp32: float | None
    accuracy_fake_int8: float | None
    accuracy_int8: float
    tflite_bytes: int | None
    gzip_bytes: int
    note: str = ""


TABLES: tuple[Published, ...] = (
    Published("DS-CNN-L", "PTQ", 95.23, None, 94.48, 528_128, 434_879, "PQAT table"),
    Published("DS-CNN-L", "prune+PTQ", 94.80, None, 93.80, 528_128, 334_154, "50 % sparse"),
    Published("DS-CNN-L", "QAT", None, 94.721, 94.72, 512_224, 403_261, "PQAT table"),
    Published("DS-CNN-L", "PQAT", None, 94.128, 94.13, 512_032, 303_997, "50 % sparse"),
    Published("DS-CNN-L", "PTQ", 95.06, None, 94.35, 506_400, 425_006, "PCQAT table"),
    Published("DS-CNN-L", "prune+PTQ", 94.07, None, 93.80, 506_400, 317_937, "50 % sparse"),
    Published("DS-CNN-L", "QAT", None, 94.85, 94.82, 507_296, 424_368, "PCQAT table"),
    Published("DS-CNN-L", "prune+cluster+PTQ", 93.76, None, 93.21, 506_400, 205_333, "50 % sparse, 8 clusters"),
    Published("DS-CNN-L", "PCQAT", None, 94.28, 94.06, 507_296, 201_744, "50 % sparse, 8 clusters"),
    Published("MobileNetV1 on CIFAR-10", "PTQ", 94.88, None, 94.65, None, 3_000_000, ""),
    Published("MobileNetV1 on CIFAR-10", "cluster+PTQ", 94.48, None, 94.41, None, 2_000_000, "16 clusters"),
    Published("MobileNetV1 on CIFAR-10", "QAT", None, 94.80, 94.77, None, 2_840_000, ""),
    Published("MobileNetV1 on CIFAR-10", "CQAT", None, 94.60, 94.52, None, 1_940_000, "16 clusters"),
)
"""Of the models the lab has; the article's ImageNet columns are left out, because ImageNet is not here."""
