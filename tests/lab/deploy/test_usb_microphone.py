"""The USB microphone: descriptors by a parser that is not ours, and its stream on the virtual board."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from usb_protocol.types.descriptors import cdc, standard, uac2

from lab import cli
from lab.deploy import emulator, uf2
from lab.deploy.boards import BOARDS
from lab.deploy.build import build_usb_microphone
from lab.deploy.pdm import capture
from lab.sound.features.core import FIRMWARE

HOST = Path(__file__).with_name("audio_host.mjs")
SECONDS = 1.3


@pytest.fixture(scope="module")
def firmware(tmp_path_factory, virtual_board):
    return build_usb_microphone("pico", tmp_path_factory.mktemp("usb"))


def heard_by_computer(firmware, folder, samples, *more):
    samples.astype("<i2").tofile(folder / "sound.s16")
    command = [emulator.node(), HOST, FIRMWARE / "virtual_board", firmware.file("uf2"), str(SECONDS)]
    command = [*map(str, command), str(folder / "sound.s16"), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def tone():
    rng = np.random.default_rng(0)
    n = np.arange(int(SECONDS * 16_000))
    return (8_000 * np.sin(2 * np.pi * 1_000 * n / 16_000) + rng.normal(0, 500, len(n))).astype(np.int16)


@pytest.fixture(scope="module")
def seen(firmware, tone, tmp_path_factory):
    return heard_by_computer(firmware, tmp_path_factory.mktemp("host"), tone)


def parts(configuration):
    """Return each descriptor's bytes, in order."""
    found, at = [], 0
    while at < len(configuration):
        found.append(configuration[at : at + configuration[at]])
        at += configuration[at]
    return found


def test_the_device_says_its_name(seen):
    device = standard.DeviceDescriptor.parse(bytes.fromhex(seen["device"]))
    texts = [bytes.fromhex(text)[2:].decode("utf-16-le") for text in seen["strings"]]
    assert texts[device.iProduct] == "MicNode"
    assert len(texts[device.iSerialNumber]) == 16
    assert (device.bDeviceClass, device.bDeviceSubclass, device.bDeviceProtocol) == (0xEF, 2, 1)  # by association
    assert (device.idVendor, device.bNumConfigurations) == (0x2E8A, 1)


def test_descriptors_are_a_serial_port_and_a_microphone_of_audio_class_2(seen):
    whole = bytes.fromhex(seen["configuration"])
    all_parts = parts(whole)
    head = standard.ConfigurationDescriptor.parse(all_parts[0])
    assert (head.wTotalLength, head.bNumInterfaces) == (len(whole), 4)
    groups = [standard.InterfaceAssociationDescriptor.parse(part) for part in all_parts if part[1] == 11]
    assert [(group.bFirstInterface, group.bInterfaceCount, group.bFunctionClass) for group in groups] == [
        (0, 2, 2), (2, 2, 1),
    ]  # fmt: skip
    assert groups[1].bFunctionProtocol == 0x20
    interfaces = [standard.InterfaceDescriptor.parse(part) for part in all_parts if part[1] == 4]
    assert [(one.bInterfaceNumber, one.bAlternateSetting, one.bNumEndpoints) for one in interfaces] == [
        (0, 0, 1), (1, 0, 2), (2, 0, 0), (3, 0, 0), (3, 1, 1),
    ]  # fmt: skip
    assert cdc.UnionFunctionalDescriptor.parse(next(part for part in all_parts if part[1:3] == b"\x24\x06"))


def test_the_audio_function_is_clock_microphone_and_stream_of_16_bit_mono(seen):
    all_parts = parts(bytes.fromhex(seen["configuration"]))
    audio = all_parts[next(place for place, part in enumerate(all_parts) if part[1] == 11 and part[4] == 1) + 1 :]
    head = uac2.ClassSpecificAudioControlInterfaceDescriptor.parse(audio[1])
    clock = uac2.ClockSourceDescriptor.parse(audio[2])
    source = uac2.InputTerminalDescriptor.parse(audio[3])
    sink = uac2.OutputTerminalDescriptor.parse(audio[4])
    assert (head.bcdADC, head.bCategory) == (2.0, 3)
    assert head.wTotalLength == sum(map(len, audio[1:5]))
    assert (source.wTerminalType, source.bNrChannels, source.bCSourceID) == (0x0201, 1, clock.bClockID)
    assert (sink.wTerminalType, sink.bSourceID, sink.bCSourceID) == (0x0101, source.bTerminalID, clock.bClockID)
    stream = uac2.ClassSpecificAudioStreamingInterfaceDescriptor.parse(audio[7])
    form = uac2.TypeIFormatTypeDescriptor.parse(audio[8])
    pipe = uac2.AudioStreamingIsochronousEndpointDescriptor.parse(audio[9])
    assert (stream.bTerminalLink, stream.bNrChannels) == (sink.bTerminalID, 1)
    assert (form.bSubslotSize, form.bBitResolution) == (2, 16)
    assert (pipe.bEndpointAddress, pipe.wMaxPacketSize, pipe.bInterval) == (0x83, 34, 1)
    assert len(audio) == 11


def test_its_clock_has_one_rate(seen):
    assert int.from_bytes(bytes.fromhex(seen["rate"]), "little") == 16_000
    numbers = np.frombuffer(bytes.fromhex(seen["range"])[2:], "<u4").tolist()
    assert numbers == [16_000, 16_000, 0]


def test_it_streams_exactly_the_samples_put_in(seen, tone):
    streamed = np.frombuffer(bytes.fromhex("".join(seen["packets"])), "<i2")
    expected = capture(tone)
    start = next(at for at in range(2_000) if (expected[at : at + 64] == streamed[:64]).all())
    common = min(len(streamed), len(expected) - start)
    assert common > 1.15 * 16_000
    assert (streamed[:common] == expected[start : start + common]).all()
    told = json.loads(seen["lines"][-1])
    assert (told["overruns"], told["dropped"], told["streams"]) == (0, 0, 1)


def test_packets_come_evenly(seen):
    lengths = [len(packet) // 4 for packet in seen["packets"]]
    flowing = lengths[lengths.index(16) :]
    assert set(flowing) <= {15, 16, 17}
    assert flowing.count(16) > 0.98 * len(flowing)


def test_a_computer_that_stops_fetching_does_no_harm(firmware, tone, tmp_path):
    seen = heard_by_computer(firmware, tmp_path, tone, "0.6")
    assert seen["stopped"] == ""
    assert json.loads(seen["lines"][-1])["overruns"] == 0
    assert 400 < len(seen["packets"]) < 700


def test_the_1200_baud_touch_sends_it_back_to_boot_mode(firmware, tone, tmp_path):
    seen = heard_by_computer(firmware, tmp_path, tone, "9", "touch")
    assert seen["stopped"] == "the firmware went to boot mode"


@pytest.mark.parametrize("board", sorted(BOARDS))
def test_it_is_built_for_each_board(firmware, board, tmp_path):
    report = build_usb_microphone(board, tmp_path)
    assert set(report.files) == {"uf2", "elf", "bin", "report"}
    assert uf2.read(report.file("uf2").read_bytes()).startswith(report.file("bin").read_bytes())
    assert report.ram_bytes < 96 * 1024


def test_the_command_builds_it_without_a_model(firmware, tmp_path, capfd):
    assert cli.main(["compile", "--app", "usb_microphone", "--out", str(tmp_path), "--json"]) == 0
    made = json.loads(capfd.readouterr().out)
    assert "usb_microphone_pico.uf2" in made["files"]
    assert (tmp_path / "usb_microphone_pico.uf2").read_bytes() == firmware.file("uf2").read_bytes()
    assert (made["cycles"], made["arena_bytes"]) == (None, 0)
    assert cli.main(["compile", "--out", str(tmp_path)]) == 2
