"""The firmware's source as one folder: what the build tree compiles and what a person may download."""

import io
import zipfile
from collections.abc import Mapping

from lab.sound.features.core import FIRMWARE

SOURCES = ("CMakeLists.txt", "core/*.[ch]", "hal/*/*.[ch]", "app/*/*.[ch]")
NOTICES = ("LICENSE", "NOTICE")
GENERATED = "generated"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_README = """Firmware of one detector, as C11.

For the board, with the Pico SDK 2.1 and arm-none-eabi-gcc:
  PICO_SDK_PATH=... cmake -G Ninja -B build -DPICO_BOARD=pico -DPICO_NO_PICOTOOL=1 \\
    -DCMAKE_BUILD_TYPE=Release -DLAB_GENERATED=$PWD/generated
  ninja -C build detector

For any machine with a C compiler (the detector without a microphone):
  cc -O3 -c -Icore -Igenerated core/*.c generated/*.c

core/detector.h is the way in: hops of 512 samples at 16 kHz, decisions out.

A learning tool, not a certified alarm, never your only warning.
"""


def listed(generated: Mapping[str, str]) -> dict[str, str]:
    """Return every file of a detector's firmware: path → text.

    Args:
        generated: name → text of what `lab.deploy.build.sources` makes.
    """
    files = {f"{GENERATED}/{name}": text for name, text in generated.items()}
    for pattern in SOURCES:
        for path in FIRMWARE.glob(pattern):
            files[path.relative_to(FIRMWARE).as_posix()] = path.read_text("utf-8")
    return dict(sorted(files.items()))


def c_zip(generated: Mapping[str, str]) -> bytes:
    """Return the whole firmware as a zip that builds by itself; equal input gives equal bytes."""
    notices = {name: FIRMWARE.parent / name for name in NOTICES}
    texts = {name: path.read_text("utf-8") for name, path in notices.items() if path.is_file()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in sorted({**listed(generated), **texts, "README.txt": _README}.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
