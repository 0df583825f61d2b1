"""Copying to a board's drive: offered on a person's own machine alone."""

import pytest

from lab.deploy import drive, uf2
from pages.ui import drives
from tests.pages import seed
from tests.pages.conftest import labels, press, text

pytestmark = pytest.mark.usefixtures("bundled")

OFFER = "Or copy it to the board’s drive"


@pytest.fixture
def board(tmp_path, monkeypatch):
    folder = tmp_path / "RPI-RP2"
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    monkeypatch.setattr(drive, "find", lambda: [folder] if drive.is_board(folder) else [])
    return folder


@pytest.fixture
def compiled():
    firmware = seed.artifact("detector_pico.uf2", uf2.write(bytes(1024)))
    args = {"detector": seed.finetune_done(), "board": "pico"}
    seed.job(seed.COMPILE, args=args, result={"artifacts": {"detector_pico.uf2": firmware}, "report": {}})


@pytest.mark.parametrize(
    ("address", "headers", "ours"),
    [
        (None, {"Host": "localhost:8501"}, True),
        (None, {"host": "127.0.0.1:8501"}, True),
        (None, {"Host": "[::1]:8501"}, True),
        ("192.168.1.5", {"Host": "localhost:8501"}, False),
        (None, {"Host": "lab.example"}, False),
        (None, {"Host": "localhost.example"}, False),
        (None, {"Host": "localhost", "X-Forwarded-For": "10.0.0.2"}, False),
        (None, {"Host": "localhost", "Forwarded": "for=10.0.0.2"}, False),
        (None, {}, False),
    ],
)
def test_only_a_request_of_this_machine_past_no_proxy_is_ours(address, headers, ours):
    assert drives.is_from_here(address, headers) is ours


def test_a_hosted_instance_never_offers_it(open_page, compiled, board):
    app = open_page("firmware", "drive")
    assert OFFER not in [each.label for each in app.expander]
    assert not any(label.startswith("Copy to") for label in labels(app))


def test_on_ones_own_machine_the_file_is_copied_and_said_so(open_page, compiled, board, monkeypatch):
    monkeypatch.setattr(drives, "is_own_machine", lambda: True)
    app = press(open_page("firmware", "drive"), f"Copy to {board}")
    assert (board / "FIRMWARE.UF2").read_bytes() == uf2.write(bytes(1024))
    assert any("2 KB copied, not read back" in each.value for each in app.text)


def test_without_a_drive_the_way_to_boot_mode_is_told_and_a_lost_one_is_a_sentence(
    open_page, compiled, board, monkeypatch
):
    monkeypatch.setattr(drives, "is_own_machine", lambda: True)
    app = open_page("firmware", "drive")
    (board / "INFO_UF2.TXT").unlink()
    app = press(app, f"Copy to {board}")
    assert any("no board in boot mode any more" in each.value for each in app.text)
    assert "hold **BOOTSEL** while you plug the board in" in text(app)
