from pathlib import Path

import pico_sdk
import pytest

HOST = "https://a.example"
MIRROR = f"{HOST}/debian"


@pytest.mark.parametrize(
    ("name", "text", "mirror"),
    [
        ("sources.list", f"deb {MIRROR} bookworm main\n", MIRROR),
        ("sources.list", f"deb [signed-by=/k.gpg] {MIRROR}/ trixie main\n", f"{MIRROR}/"),
        ("sources.list", f"# deb {MIRROR} bookworm main\n", None),
        ("sources.list", f"deb {MIRROR}-security bookworm-security main\n", None),
        ("sources.list", f"deb {HOST}/ubuntu noble main\n", None),
        ("sources.list.d/debian.sources", f"Types: deb\nURIs: {MIRROR}\n", MIRROR),
        ("sources.list.d/other.sources", f"Types: deb\nURIs: {HOST}/tool\n", None),
        ("sources.list.d/debian.sources.bak", f"Types: deb\nURIs: {MIRROR}\n", None),
    ],
)
def test_the_mirror_is_the_one_configured(tmp_path: Path, name: str, text: str, mirror: str | None) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert pico_sdk.debian_mirror(tmp_path) == mirror


def test_a_given_sdk_wins_over_the_private_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pico_sdk, "SYSTEM_PLACES", ())
    monkeypatch.delenv("PICO_SDK_PATH", raising=False)
    assert pico_sdk.find(tmp_path) is None
    private, given = pico_sdk.private_place(tmp_path), tmp_path / "given"
    for place in (private, given):
        place.mkdir(parents=True)
        (place / "pico_sdk_init.cmake").touch()
    assert pico_sdk.find(tmp_path) == private
    monkeypatch.setenv("PICO_SDK_PATH", str(given))
    assert pico_sdk.find(tmp_path) == given


def test_without_a_mirror_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pico_sdk, "SOURCES", tmp_path)
    with pytest.raises(pico_sdk.SdkError, match="PICO_SDK_PATH"):
        pico_sdk.install_private(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
