"""UF2: the file that is dragged onto a board in boot mode.

Blocks of 512 bytes, each with 256 bytes of flash and where they go. Source:
github.com/microsoft/uf2, and the RP2040 datasheet for its family.
"""

import struct

from lab.errors import BadInput

MAGIC_START, MAGIC_SECOND, MAGIC_END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
FAMILY_PRESENT = 0x2000
RP2040_FAMILY = 0xE48BFF56
FLASH_BASE, FLASH_BYTES = 0x10000000, 2 * 2**20
BLOCK_BYTES, PAYLOAD_BYTES = 512, 256
_HEADER = struct.Struct("<8I")


def write(image: bytes, base: int = FLASH_BASE) -> bytes:
    """Return a flash image as UF2.

    Args:
        image: what flash shall hold from `base` on.
        base: a flash address, a multiple of 256.
    """
    count = -(-len(image) // PAYLOAD_BYTES)
    return b"".join(_block(image, base, number, count) for number in range(count))


def _block(image: bytes, base: int, number: int, count: int) -> bytes:
    start = number * PAYLOAD_BYTES
    payload = image[start : start + PAYLOAD_BYTES].ljust(PAYLOAD_BYTES, b"\0")
    header = _HEADER.pack(
        MAGIC_START, MAGIC_SECOND, FAMILY_PRESENT, base + start, PAYLOAD_BYTES, number, count, RP2040_FAMILY
    )
    return header + payload.ljust(BLOCK_BYTES - _HEADER.size - 4, b"\0") + struct.pack("<I", MAGIC_END)


def read(data: bytes) -> bytes:
    """Return the flash image in a UF2 for the RP2040, from FLASH_BASE on; gaps are 0xff.

    Raises:
        BadInput: not a UF2, not whole, or not for this chip.
    """
    if not data or len(data) % BLOCK_BYTES:
        raise BadInput(f"This is not a whole .uf2: {len(data)} bytes are not blocks of {BLOCK_BYTES}.")
    count = len(data) // BLOCK_BYTES
    image = bytearray(b"\xff" * FLASH_BYTES)
    end = 0
    for number in range(count):
        address, payload = _read_block(data[number * BLOCK_BYTES : (number + 1) * BLOCK_BYTES], number, count)
        image[address - FLASH_BASE : address - FLASH_BASE + len(payload)] = payload
        end = max(end, address - FLASH_BASE + len(payload))
    return bytes(image[:end])


def _read_block(block: bytes, number: int, count: int) -> tuple[int, bytes]:
    start, second, flags, address, size, index, total, family = _HEADER.unpack_from(block)
    (end,) = struct.unpack_from("<I", block, BLOCK_BYTES - 4)
    if (start, second, end) != (MAGIC_START, MAGIC_SECOND, MAGIC_END):
        raise BadInput(f"This is not a .uf2: block {number} has no UF2 magic number.")
    if not flags & FAMILY_PRESENT or family != RP2040_FAMILY:
        raise BadInput(f"This .uf2 is not for the RP2040: its family is {family:#010x}, not {RP2040_FAMILY:#010x}.")
    if (index, total) != (number, count):
        raise BadInput(f"This .uf2 is not whole: block {number} of {count} says it is {index} of {total}.")
    if size != PAYLOAD_BYTES or address % PAYLOAD_BYTES or not 0 <= address - FLASH_BASE <= FLASH_BYTES - size:
        raise BadInput(f"This .uf2 writes outside the RP2040's flash: {size} bytes at {address:#010x}.")
    return address, block[_HEADER.size : _HEADER.size + size]
