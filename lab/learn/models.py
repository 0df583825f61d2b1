"""The networks: what they are made of, and Keras models of them.

`article` is the RP2040 article's: one wide convolution. `ds` is the lab's: a
convolution, then depthwise and pointwise ones that pool over time. All
convolutions are valid, so that a constant added to a window only moves their
bias: after "log2_relative" features a detector does not care for level.
"""

from dataclasses import dataclass
from typing import Any, Literal

from lab.errors import BadInput
from lab.learn import keras2
from lab.sound.features.spec import FeatureSpec

Kind = Literal["article", "ds"]
RESIZED = (32, 32)
MAX_FILTERS, MAX_KERNEL, MAX_DENSE = 128, 32, 1024
HEAD = "head"


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network's shape.

    Attributes:
        kind: "article" or "ds".
        filters: of the first convolution; "ds" then uses twice as many.
        kernel: (rows, bands) of the first convolution, whose stride is 2.
        dense: units of a hidden layer before the head; 0 is none.
        dropout: share of values left out in training, before the dense layers.
    """

    kind: Kind = "ds"
    filters: int = 16
    kernel: tuple[int, int] = (5, 4)
    dense: int = 16
    dropout: float = 0.25

    def __post_init__(self) -> None:
        rules = (
            (self.kind in ("article", "ds"), f"kind is {self.kind!r}; choose 'article' or 'ds'"),
            (1 <= self.filters <= MAX_FILTERS, f"filters is {self.filters}; choose 1 to {MAX_FILTERS}"),
            (
                len(self.kernel) == 2 and all(1 <= size <= MAX_KERNEL for size in self.kernel),
                f"kernel is {self.kernel}; choose two sizes from 1 to {MAX_KERNEL}",
            ),
            (0 <= self.dense <= MAX_DENSE, f"dense is {self.dense}; choose 0 to {MAX_DENSE}"),
            (0 <= self.dropout < 1, f"dropout is {self.dropout}; choose 0 up to 1"),
        )
        for fits, complaint in rules:
            if not fits:
                raise BadInput(f"The architecture cannot be built: {complaint}.")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description; `from_json` reads it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"kernel": list(self.kernel)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Architecture":
        """Read a description: a kind's usual values, with some changed.

        A kernel given as one number is square.

        Raises:
            BadInput: a field is unknown or of the wrong type.
        """
        fields = {**ARCHITECTURES.get(str(data.get("kind", "ds")), DS).to_json(), **data}
        kernel = fields["kernel"]
        try:
            fields["kernel"] = (int(kernel),) * 2 if isinstance(kernel, int) else tuple(int(size) for size in kernel)
            fields |= {name: int(fields[name]) for name in ("filters", "dense")}
            return cls(**fields)
        except (TypeError, ValueError) as error:
            raise BadInput(f"The architecture cannot be read: {error}.") from error


DS = Architecture()
ARTICLE = Architecture("article", filters=8, kernel=(8, 8), dense=0)
ARCHITECTURES: dict[str, Architecture] = {"ds": DS, "article": ARTICLE}


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and variance of the training windows, for the Normalization layer."""

    mean: float = 0.0
    variance: float = 1.0


def build(arch: Architecture, spec: FeatureSpec, classes: int, scale: Scale | None = None) -> Any:
    """Return an untrained Keras model of windows (rows, bands, 1).

    Args:
        arch: what to build.
        spec: what windows it sees; codes come as code / 128, not resized.
        classes: outputs of a softmax; 1 gives one sigmoid.
        scale: of the data, for the article's Normalization layer.

    Returns:
        tf_keras.Model whose last layer is called "head".

    Raises:
        BadInput: the network does not fit the windows; says what does.
    """
    if classes < 1:
        raise BadInput(f"The network needs at least one class; it got {classes}.")
    _check_fit(arch, spec)
    layers = keras2.keras().layers
    body = _article(arch, layers) if arch.kind == "article" else _ds(arch, layers)
    inputs = keras2.keras().Input((*spec.shape, 1), name="window")
    x = inputs
    for layer in [*_before(arch, spec, scale or Scale(), layers), *body, *_dense(arch, layers)]:
        x = layer(x)
    return with_head(keras2.keras().Model(inputs, x), classes)


def with_head(body: Any, classes: int) -> Any:
    """Return a model of the body with a new head: a softmax, or one sigmoid for one class."""
    activation = "sigmoid" if classes == 1 else "softmax"
    head = keras2.keras().layers.Dense(classes, activation=activation, name=HEAD)
    return keras2.keras().Model(body.input, head(body.output))


def body_of(model: Any) -> Any:
    """Return the model without its head; layers and weights are shared."""
    return keras2.keras().Model(model.input, model.layers[-2].output)


def _before(arch: Architecture, spec: FeatureSpec, scale: Scale, layers: Any) -> list[Any]:
    """Return the preprocessing: none for "ds" on codes, whose range is known."""
    made = [] if spec.is_codes else [layers.Resizing(*RESIZED, interpolation="nearest", name="resize")]
    if arch.kind == "article" or not spec.is_codes:
        # What adapt() finds is lost in quantize_apply; given values stay.
        made.append(layers.Normalization(axis=None, mean=scale.mean, variance=scale.variance, name="normalize"))
    return made


def _article(arch: Architecture, layers: Any) -> list[Any]:
    return [
        layers.Conv2D(arch.filters, arch.kernel, strides=2, activation="relu", name="conv"),
        layers.MaxPooling2D(2, name="pool"),
        layers.Flatten(name="flatten"),
        layers.Dropout(arch.dropout, name="dropout"),
    ]


def _ds(arch: Architecture, layers: Any) -> list[Any]:
    made = [layers.Conv2D(arch.filters, arch.kernel, strides=2, activation="relu", name="conv")]
    for index in (1, 2):
        made += [
            layers.DepthwiseConv2D(3, activation="relu", name=f"depthwise{index}"),
            layers.Conv2D(2 * arch.filters, 1, activation="relu", name=f"pointwise{index}"),
            layers.MaxPooling2D((2, 1), name=f"pool{index}"),
        ]
    return [*made, layers.Flatten(name="flatten"), layers.Dropout(arch.dropout, name="dropout")]


def _dense(arch: Architecture, layers: Any) -> list[Any]:
    return [layers.Dense(arch.dense, activation="relu", name="dense")] if arch.dense else []


def _check_fit(arch: Architecture, spec: FeatureSpec) -> None:
    """Refuse what leaves nothing to pool, before Keras says so in its own words."""
    shape = spec.shape if spec.is_codes else RESIZED
    left = tuple((size - kernel) // 2 + 1 for size, kernel in zip(shape, arch.kernel, strict=True))
    need = (2, 2) if arch.kind == "article" else (10, 5)
    if any(got < least for got, least in zip(left, need, strict=True)):
        most = tuple(size - 2 * (least - 1) for size, least in zip(shape, need, strict=True))
        raise BadInput(
            f"A kernel of {arch.kernel} leaves {left} of a window of {shape}, and the {arch.kind!r} network needs "
            f"{need}; use a kernel of at most {most}, or a feature spec with more rows and bands."
        )


def summary(model: Any) -> str:
    """Return Keras's table of layers, shapes and parameters."""
    lines: list[str] = []
    model.summary(print_fn=lines.append, line_length=76)
    return "\n".join(lines)
