"""A detector: model, feature spec, labels, threshold and event rule, indivisible.

On disk it is a zip `NAME.detector` of `detector.json` and `model.tflite`,
written so that equal detectors are equal files.
"""

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.deploy import rhythm
from lab.deploy.events import RHYTHMIC, EventRule, threshold_code
from lab.errors import BadInput
from lab.sound.features.spec import FeatureSpec

SCHEMA = 1
MAX_FILE_BYTES = 64 * 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Detector:
    """All that a board needs to decide.

    Attributes:
        name: what people call it.
        model: the int8 .tflite file's bytes.
        spec: the features it was trained on.
        labels: one a class. A model of one output gives labels[0]'s probability.
        positive: the labels that raise an event.
        threshold: probability from 0 to 1.
        rule: when hops become an event.
        dataset: hash that names the data it saw.
        licences: of that data.
        scores: figures measured when it was made, with how.
        augmentation: how copies of that data were made, as JSON by stage: "baseline", "finetune"; empty where none
            were, or where the sounds were synthetic.
    """

    name: str
    model: bytes = field(repr=False)
    spec: FeatureSpec
    labels: tuple[str, ...]
    positive: tuple[str, ...]
    threshold: float = 0.5
    rule: EventRule = field(default_factory=EventRule)
    dataset: str = ""
    licences: tuple[str, ...] = ()
    scores: dict[str, Any] = field(default_factory=dict)
    augmentation: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for text in (self.name, self.dataset, *self.labels, *self.positive, *self.licences):
            if not isinstance(text, str) or text.encode("utf-8", "replace").decode() != text:  # half a character
                raise BadInput(f"A detector's name, labels and licences are text; {text!r:.80} is not.")
        unknown = set(self.positive) - set(self.labels)
        if unknown or not self.positive:
            raise BadInput(f"Positive labels {self.positive} must be some of {self.labels}.")
        threshold_code(self.threshold)
        if self.rule.kind in RHYTHMIC and not rhythm.can_tell(self.spec):
            raise BadInput(
                f"An event rule of kind {self.rule.kind!r} looks for a rhythm in features of log2 codes; "
                f"{self.spec.name!r} has none. Choose count or mean."
            )

    @property
    def model_sha256(self) -> str:
        """Return the model file's hash."""
        return hashlib.sha256(self.model).hexdigest()

    @property
    def positive_outputs(self) -> tuple[int, ...]:
        """Return the model outputs whose greatest code decides."""
        return tuple(index for index, label in enumerate(self.labels) if label in self.positive)

    def card(self) -> dict[str, Any]:
        """Return what `detector.json` holds."""
        card = {
            "schema": SCHEMA, "name": self.name, "spec": self.spec.to_json(), "labels": list(self.labels),
            "positive": list(self.positive), "threshold": self.threshold, "rule": self.rule.to_json(),
            "dataset": self.dataset, "licences": list(self.licences), "scores": self.scores,
            "model_sha256": self.model_sha256,
        }  # fmt: skip
        return {**card, "augmentation": self.augmentation} if self.augmentation else card

    def to_bytes(self) -> bytes:
        """Return the .detector file; equal detectors give equal bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            text = json.dumps(self.card(), indent=2, sort_keys=True, ensure_ascii=False).encode()
            for name, data in (("detector.json", text), ("model.tflite", self.model)):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Detector":
        """Read a .detector file.

        Raises:
            BadInput: not such a zip, a missing part, or a model that is not the one the card names.
        """
        card, model = _read_parts(data)
        try:
            detector = cls(
                name=str(card["name"]), model=model, spec=FeatureSpec.from_json(card["spec"]),
                labels=_listed(card, "labels"), positive=_listed(card, "positive"), threshold=float(card["threshold"]),
                rule=EventRule(**card["rule"]), dataset=str(card["dataset"]), licences=_listed(card, "licences"),
                scores=dict(card["scores"]), augmentation=dict(card.get("augmentation", {})),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"The detector's card cannot be read: {error}.") from error
        if detector.model_sha256 != card.get("model_sha256"):
            raise BadInput("The detector's model is not the one its card names; the file was changed.")
        return detector

    @classmethod
    def load(cls, path: str | Path) -> "Detector":
        """Read a .detector file from disk.

        Raises:
            BadInput: no such file, or not a detector.
        """
        try:
            return cls.from_bytes(Path(path).read_bytes())
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}.") from error


def _listed(card: dict[str, Any], name: str) -> tuple[str, ...]:
    if not isinstance(card[name], list):
        raise TypeError(f"{name} must be a list")
    return tuple(card[name])


def _read_parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_FILE_BYTES:
                raise BadInput("The detector file unpacks to more than 64 MiB.")
            card = json.loads(archive.read("detector.json"))
            model = archive.read("model.tflite")
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, OSError, RuntimeError) as error:
        raise BadInput("This is not a .detector file: it should be a zip of detector.json and model.tflite.") from error
    if not isinstance(card, dict) or card.get("schema") != SCHEMA:
        raise BadInput(f"The detector's schema is not {SCHEMA}.")
    return card, model
