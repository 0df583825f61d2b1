"""Servers that tests talk to are installed, and none of them starts."""

import pytest
import system_packages

APT = """#!/bin/sh
echo "apt-get $*" >> {told}
[ -e {policy} ] && {policy}; echo "policy $?" >> {told}
"""
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >> {told}
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A Debian of two commands that write down what is asked of them; returns the lines so far."""
    places = {"told": tmp_path / "told", "policy": tmp_path / "policy-rc.d"}
    for name, script in {"apt-get": APT, "systemctl": SYSTEMCTL}.items():
        (tmp_path / name).write_text(script.format(**places))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(system_packages, "POLICY", places["policy"])
    monkeypatch.setattr(system_packages, "privilege", lambda: ())
    monkeypatch.setattr(system_packages, "refresh", lambda: True)
    return lambda: places["told"].read_text().splitlines()


def test_no_service_starts_while_packages_come_in_nor_with_the_machine(machine):
    assert system_packages.install(["nginx", "coturn"], asleep=True)
    installed, policy, disabled = machine()
    assert installed.endswith("install --yes --no-install-recommends nginx coturn")
    assert policy == "policy 101"
    assert disabled == "systemctl disable nginx coturn"
    assert not system_packages.POLICY.exists()


def test_a_policy_of_the_machines_own_stays(machine):
    system_packages.POLICY.write_text("#!/bin/sh\nexit 104\n")
    system_packages.POLICY.chmod(0o755)
    system_packages.install(["nginx"], asleep=True)
    assert machine()[1] == "policy 104"
    assert system_packages.POLICY.exists()


def test_other_packages_may_start_what_they_like(machine):
    system_packages.install(["cmake"])
    assert machine()[1:] == ["policy 1"]
