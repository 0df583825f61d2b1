"""Compiling ahead: what the set-up tells of it."""

import subprocess

import parts
from status import Status


def fake_run(returncode, stderr):
    return lambda command, **options: subprocess.CompletedProcess(command, returncode, "", stderr)


def test_a_build_ahead_that_fails_says_its_last_line(tmp_path, monkeypatch):
    monkeypatch.setattr(parts.subprocess, "run", fake_run(1, "Traceback\nlab.errors.LabError: no space left\n"))
    assert parts.build_ahead(tmp_path) == "lab.errors.LabError: no space left"
    monkeypatch.setattr(parts.subprocess, "run", fake_run(-9, ""))
    assert parts.build_ahead(tmp_path) == "It ended with -9."


def test_a_build_ahead_that_ends_well_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(parts.subprocess, "run", fake_run(0, "a warning"))
    assert parts.build_ahead(tmp_path) == ""


def test_the_failure_reaches_the_page(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setattr(parts, "cache_dir", lambda: tmp_path)
    for name in ("has_board", "has_compiler", "all_ready"):
        monkeypatch.setattr(parts, name, lambda root: True)
    monkeypatch.setattr(parts.pico_sdk, "find", lambda cache: tmp_path)
    monkeypatch.setattr(parts, "build_ahead", lambda root: "The disk is full.")
    status = Status()
    parts.install_all(tmp_path, status)
    told = status._read()
    assert (told["parts"]["firmware"], told["messages"]["firmware"]) == ("failed", "The disk is full.")
