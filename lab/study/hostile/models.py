"""Models, detectors, arrays and firmware that are not what they say."""

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lab.study.hostile.offer import Offer
from lab.study.hostile.sounds import tone
from lab.study.hostile.zips import packed


class _Owned:
    """Touches a file when unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, ("touch owned",)


PICKLE = pickle.dumps(_Owned())


def _layer(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": kind.lower(), **config}, "module": "keras.layers"}


def _keras(layers: Any, version: str = "3.9.0", **changes: Any) -> bytes:
    config = {"class_name": "Sequential", "module": "keras", "config": {"name": "m", "layers": layers}, **changes}
    return _archive(json.dumps(config).encode(), version)


def _archive(config: bytes, version: Any = "3.9.0", weights: bytes = b"") -> bytes:
    told = json.dumps({"keras_version": version}).encode()
    return packed({"metadata.json": told, "config.json": config, "model.weights.h5": weights})


def _bomb(name: str, mib: int = 64) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.9.0"}')
        with archive.open(name, "w") as file:
            for _ in range(mib):
                file.write(b" " * 2**20)
    return buffer.getvalue()


def keras_files() -> dict[str, tuple[bytes, bool]]:
    """Return .keras and .h5 files → (bytes, whether Keras itself has to be asked)."""
    start = {"class_name": "InputLayer", "config": {"batch_shape": [None, 31, 32, 1]}, "module": "keras.layers"}
    run = {"class_name": "function", "config": "system", "module": "os", "registered_name": "system"}
    return {
        "a Lambda": (_keras([start, _layer("Lambda", function=["4wEA", None, None])]), False),
        "a Lambda in a model in a model": (
            _keras([start, {"class_name": "Sequential", "config": {"layers": [_layer("Lambda")]}}]),
            False,
        ),
        "a Lambda as activation": (
            _keras(
                [start, _layer("Dense", units=1, activation={"class_name": "__lambda__", "config": {"value": "x"}})]
            ),
            False,
        ),
        "a function of the system as activation": (_keras([start, _layer("Dense", units=1, activation=run)]), False),
        "a layer from another module": (_keras([{**start, "module": "os"}]), False),
        "a layer by another name": (_keras([{**_layer("Dense", units=1), "registered_name": "os>system"}]), False),
        "a custom layer": (_keras([start, _layer("Evil")]), False),
        "TFSMLayer": (_keras([start, _layer("TFSMLayer", filepath="/etc")]), False),
        "layers of text": (_keras("all"), False),
        "layers of numbers": (_keras([1, 2]), False),
        "no layers": (_keras([]), True),
        "a config of text": (_keras([], config="x"), False),
        "an unknown class": (_keras([], class_name="os.system"), False),
        "a class of a list": (_keras([], class_name=["Sequential"]), False),
        "depth": (_archive(b"[" * 200_000), False),
        "a description of 64 MB": (_bomb("config.json"), False),
        "a list": (_archive(b"[]"), False),
        "other bytes": (_archive(b"\xff\xfe"), False),
        "no description": (packed({"x": b"y"}), False),
        "a version of a list": (_archive(b"{}", []), False),
        "a pickle": (PICKLE, False),
        "a zip with a pickle": (packed({"archive/data.pkl": PICKLE}), False),
        "units without end": (_keras([start, _layer("Flatten"), _layer("Dense", units=10**9)], "2.15.0"), True),
        "weights that are a pickle": (
            _archive(
                json.dumps(
                    {
                        "class_name": "Sequential",
                        "module": "keras",
                        "config": {"layers": [start, _layer("Flatten"), _layer("Dense", units=1)]},
                    }
                ).encode(),
                "3.9.0",
                PICKLE,
            ),
            True,
        ),
        "HDF5 and nothing": (b"\x89HDF\r\n\x1a\n" + bytes(400), False),
        "nothing": (b"", False),
        **{f"HDF5 {says}": (data, False) for says, data in _hdf5_files().items()},
    }


def _hdf5_files() -> dict[str, bytes]:
    import h5py  # type: ignore[import-untyped]

    def made(**attributes: Any) -> bytes:
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            for name, value in attributes.items():
                file.attrs[name] = value
            file["outside"] = h5py.ExternalLink("/etc/passwd", "/")
        return buffer.getvalue()

    return {
        "with a Lambda": made(
            model_config=json.dumps({"class_name": "Sequential", "config": {"layers": [_layer("Lambda")]}})
        ),
        "with a number": made(model_config=7),
        "with an array": made(model_config=np.zeros(3)),
        "without a model": made(x=1),
        "with depth": made(model_config="[" * 50_000),
        "with bytes of no text": made(model_config=np.void(b"\xff\xfe")),
    }


def tflites() -> dict[str, bytes]:
    """Return .tflite files, damaged."""
    from lab.deploy.prepared import prepared_detector

    model, rng = prepared_detector().model, np.random.default_rng(7)
    made = {
        "nothing": b"",
        "its magic alone": bytes(4) + b"TFL3",
        "its magic and zeros": bytes(4) + b"TFL3" + bytes(900),
        "a root outside": b"\xff\xff\xff\x7f" + model[4:],
        "a root before": b"\x00\x00\x00\x80" + model[4:],
        "a pickle": PICKLE,
        "half": model[: len(model) // 2],
        "its end gone": model[:-64],
        "its start twice": model[:400] + model,
        "ones behind its start": model[:8] + b"\xff" * 400 + model[408:],
    }
    for number in range(24):
        data = bytearray(model)
        for place in rng.integers(8, len(data), 40):
            struct.pack_into(
                "<i", data, min(int(place) & ~3, len(data) - 4), int(rng.choice((-1, 0, 2**31 - 1, 2**20)))
            )
        made[f"words changed, draw {number}"] = bytes(data)
    return made


def _detector(**changes: Any) -> bytes:
    from lab.deploy.prepared import prepared_detector

    detector = prepared_detector()
    text = json.dumps({**detector.card(), **changes}).encode()
    return packed({"detector.json": text, "model.tflite": detector.model})


def detectors() -> dict[str, bytes]:
    """Return .detector files whose cards cannot be."""
    changes: dict[str, Mapping[str, Any]] = {
        "a list of specs": {"spec": []},
        "a spec of C": {"spec": {"name": '"; system("x")', "frame_len": "256"}},
        "a spec without end": {"spec": {"frame_len": 10**30}},
        "a threshold of nan": {"threshold": float("nan")},
        "a threshold of text": {"threshold": "high"},
        "a threshold of 7": {"threshold": 7},
        "a rule of code": {"rule": {"kind": "__import__"}},
        "a rule without end": {"rule": {"kind": "count", "window_hops": 10**30, "on_hops": 1}},
        "a rule of a list": {"rule": []},
        "labels of numbers": {"labels": [1, 2]},
        "labels of text": {"labels": "ab", "positive": "a"},
        "no labels": {"labels": [], "positive": []},
        "half a character": {"labels": ["\ud800", "b"]},
        "scores of a list": {"scores": [1]},
        "another schema": {"schema": 99},
        "a hash of another": {"model_sha256": "0" * 64},
        "a name of a megabyte": {"name": "x" * 10**6},
        "an augmentation of text": {"augmentation": "x"},
        "a hundred thousand labels": {"labels": [str(each) for each in range(10**5)], "positive": ["1"]},
    }
    return {
        **{says: _detector(**each) for says, each in changes.items()},
        "no zip": b"detector",
        "nothing": b"",
        "no model": packed({"detector.json": b"{}"}),
        "a list": packed({"detector.json": b"[]", "model.tflite": b""}),
        "depth": packed({"detector.json": b"[" * 200_000, "model.tflite": b""}),
        "a bomb": packed({"detector.json": b" " * 90_000_000, "model.tflite": b""}),
    }


def arrays() -> dict[str, bytes]:
    """Return .npy files that are no plain numbers."""

    def head(text: str, body: bytes = bytes(64)) -> bytes:
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + body

    objects = io.BytesIO()
    np.save(objects, np.array([None, {}], object), allow_pickle=True)
    return {
        "objects": objects.getvalue(),
        "a pickle": PICKLE,
        "nothing": b"",
        "code": head("__import__('os').system('touch owned')"),
        "sizes without end": head("{'descr': '|i1', 'fortran_order': False, 'shape': (1000000000000,), }\n"),
        "a size below nothing": head("{'descr': '|i1', 'fortran_order': False, 'shape': (-1,), }\n"),
        "depth": head("(" * 5_000),
        "an unknown type": head("{'descr': 'zz', 'fortran_order': False, 'shape': (1,), }\n"),
    }


def firmwares() -> dict[str, bytes]:
    """Return .uf2 files that no board takes."""

    def block(address: int, size: int, number: int, count: int, body: bytes = b"") -> bytes:
        head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, address, size, number, count, 0xE48BFF56)
        return head + body.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)

    return {
        "nothing": b"",
        "text": b"firmware" * 64,
        "half a block": block(0x10000000, 256, 0, 1)[:300],
        "an address outside": block(0xFFFFFF00, 256, 0, 1),
        "a size outside": block(0x10000000, 0xFFFFFFFF, 0, 1),
        "four thousand million blocks": block(0x10000000, 256, 0, 0xFFFFFFFF),
        "zeros": block(0x10000000, 256, 0, 1),
    }


def offers() -> Iterator[Offer]:
    """Yield all of them."""
    for says, (data, slow) in keras_files().items():
        suffix = "h5" if "HDF5" in says else "keras"
        yield Offer(f"a Keras model of {says}", "own", {f"model.{suffix}": data}, slow=slow)
    for number, (says, data) in enumerate(tflites().items()):
        yield Offer(f"a .tflite of {says}", ("audit", "infer")[number % 2], {"model.tflite": data})
    for number, (says, data) in enumerate(detectors().items()):
        yield Offer(
            f"a detector of {says}", ("detector", "heard")[number % 2], {"one.detector": data, "sound.wav": tone("wav")}
        )
    for says, data in arrays().items():
        yield Offer(f"an array of {says}", "array", {"in.npy": data})
    for says, data in firmwares().items():
        yield Offer(f"firmware of {says}", "emulate", {"one.uf2": data, "sound.wav": tone("wav")}, slow=says == "zeros")
    for says, data in {**arrays(), "objects": PICKLE}.items():
        names = ("x_train", "y_train", "x_test", "y_test")
        yield Offer(f"examples of {says}", "examples", {"data.npz": packed({f"{name}.npy": data for name in names})})
