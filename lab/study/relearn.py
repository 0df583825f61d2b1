"""Dense layers learn anew: Adam on a logistic loss, in NumPy, within what their int8 scales can express."""

from dataclasses import replace
from math import cos, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.rehead import Dense, Floats, Headless

STEPS, BATCH, RATE, STAY = 600, 128, 1e-3, 0.02
OWN_SHARE = 0.2


def learn(
    headless: Headless, base: Floats, base_alarms: NDArray[np.bool_], own: Floats, own_alarms: NDArray[np.bool_],
    seed: int = 0,
) -> tuple[Dense, ...]:  # fmt: skip
    """Fit the dense layers by Adam on a logistic loss; some of each batch is the person's own.

    Args:
        headless: the model.
        base, own: inputs of the first dense layer, float32, shape (n, features).
        base_alarms, own_alarms: truth, bool, shape (n,).
        seed: of the batches.
    """
    rng = np.random.default_rng(seed)
    fit = Fit(headless)
    # What it makes of known sounds is to stay; only alarms may become surer.
    known = np.where(base_alarms[:, None], np.float32(1), fit.outputs(base))
    count = int(BATCH * OWN_SHARE)
    for step in range(STEPS):
        old, new = _balanced(rng, base_alarms, BATCH - count), _balanced(rng, own_alarms, count)
        wanted = np.concatenate([known[old], own_alarms[new, None].astype(np.float32)])
        rate = RATE * 0.5 * (1 + cos(pi * step / STEPS))
        fit.step(np.concatenate([base[old], own[new]]), wanted, rate)
    return fit.layers()


def _balanced(rng: np.random.Generator, alarms: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Draw windows, of both truths alike where there are both."""
    sides = [side for side in (np.flatnonzero(alarms), np.flatnonzero(~alarms)) if len(side)]
    return np.concatenate([rng.choice(side, count // len(sides)) for side in sides])


def _product(how: str, left: NDArray[Any], right: NDArray[Any]) -> Floats:
    """Return a matrix product by one thread: BLAS's wait for each other where cores are busy, fifty times as long."""
    return np.asarray(np.einsum(how, left, right), np.float32)


class Fit:
    """Dense layers that learn, held within what their int8 scales can express and near to where they began."""

    def __init__(self, headless: Headless) -> None:
        self._start = headless.layers
        self._weights = [layer.weights.copy() for layer in self._start]
        self._biases = [layer.bias.copy() for layer in self._start]
        self._reach = [headless.reach(place) for place in range(len(self._start))]
        self._moments = [
            [np.zeros(value.shape), np.zeros(value.shape)]  # in double: single precision slows down below 1e-38
            for value in (*self._weights, *self._biases)
        ]
        self._steps = 0

    def layers(self) -> tuple[Dense, ...]:
        """Return them as they are now."""
        return tuple(
            replace(layer, weights=weights, bias=bias)
            for layer, weights, bias in zip(self._start, self._weights, self._biases, strict=True)
        )

    def outputs(self, x: Floats) -> Floats:
        """Return probabilities, float32, shape (n, 1)."""
        for layer, weights, bias in zip(self._start, self._weights, self._biases, strict=True):
            x = np.clip(_product("ij,kj->ik", x, weights) + bias, layer.least, layer.most)
        return np.asarray(1 / (1 + np.exp(-x)), np.float32)

    def step(self, x: Floats, y: Floats, rate: float) -> None:
        """Take one step of Adam."""
        values, inside = [x], []
        for layer, weights, bias in zip(self._start, self._weights, self._biases, strict=True):
            raw = _product("ij,kj->ik", values[-1], weights) + bias
            values.append(np.clip(raw, layer.least, layer.most))
            inside.append((raw > layer.least) & (raw < layer.most))
        slope = (1 / (1 + np.exp(-values[-1])) - y) / len(x)
        gradients: list[Any] = [None] * len(self._moments)
        count = len(self._start)
        for place in reversed(range(count)):
            slope = slope * (inside[place] if place < count - 1 else 1)
            pull = STAY * (self._weights[place] - self._start[place].weights) / len(self._weights[place])
            gradients[place] = _product("ik,ij->kj", slope, values[place]) + pull
            gradients[count + place] = slope.sum(axis=0)
            slope = slope @ self._weights[place] if place else slope
        self._steps += 1
        for moment, value, gradient in zip(self._moments, [*self._weights, *self._biases], gradients, strict=True):
            moment[0] = 0.9 * moment[0] + 0.1 * gradient
            moment[1] = 0.999 * moment[1] + 0.001 * gradient**2
            mean, square = moment[0] / (1 - 0.9**self._steps), moment[1] / (1 - 0.999**self._steps)
            value -= (rate * mean / (np.sqrt(square) + 1e-7)).astype(np.float32)
        for weights, reach in zip(self._weights, self._reach, strict=True):
            np.clip(weights, -reach, reach, out=weights)
