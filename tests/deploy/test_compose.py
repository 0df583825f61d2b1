"""compose.yaml against what is really there: the lab's settings, its commands, the servers' own files."""

import importlib.util
import ipaddress
import re
import runpy
import subprocess
import sys
import tomllib
from functools import cache

import pytest
import yaml

from lab.workspace import needs
from tests import compose
from tests.compose import ROOT

SERVICES = compose.read(compose.filled_in())["services"]
OURS = {name: service for name, service in SERVICES.items() if compose.is_ours(service)}
THEIRS = SERVICES.keys() - OURS.keys()
README = (ROOT / "README.md").read_text("utf-8")
AWS = {"AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
"""What botocore reads; tests/e2e/test_team.py reaches a store by them."""


def names_of(service):
    return set(service.get("environment") or {})


def test_all_parts_of_a_team_are_there():
    parts = {"app-a", "app-b", "worker", "scheduler", "dask-worker", "postgres", "store", "coturn", "proxy"}
    assert SERVICES.keys() == parts


def test_every_variable_given_to_the_lab_is_one_that_it_documents():
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", README.split("## Configure")[1].split("\n## ")[0]))
    given = set().union(*map(names_of, OURS.values()))
    assert {name for name in given if not name.startswith(("STREAMLIT_", "DASK_DISTRIBUTED__"))} <= documented | AWS


def test_every_option_given_to_streamlit_and_dask_is_one_of_theirs():
    import dask
    from distributed import config as _distributed  # noqa: F401  its defaults
    from streamlit import config

    options = {f"STREAMLIT_{re.sub('[.]', '_', re.sub('(?<!^)(?=[A-Z])', '_', key)).upper()}" for key in
               config._config_options_template}  # fmt: skip
    given = set().union(*map(names_of, OURS.values()))
    assert {name for name in given if name.startswith("STREAMLIT_")} <= options
    for name in (name for name in given if name.startswith("DASK_DISTRIBUTED__")):
        dask.config.get(name.removeprefix("DASK_").lower().replace("__", "."))


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_the_lab_is_one_that_exists(name):
    program, *arguments = OURS[name].get("command") or ["streamlit", "run", "streamlit_app.py"]
    if program == "streamlit":
        assert arguments[0] == "run"
        assert (ROOT / arguments[1]).is_file()
        arguments = ["-m", "streamlit", *arguments]
    module, command = arguments[1], arguments[2]
    assert importlib.util.find_spec(module)
    told = help_of(module, command)
    for option in (each.split("=")[0] for each in arguments if each.startswith("--")):
        assert option in told, f"{module} {command} has no {option}"


@cache
def help_of(module, command):
    done = subprocess.run(
        [sys.executable, "-m", module, command, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_watched_and_held_in(name):
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert not service.get("privileged")


@pytest.mark.parametrize("name", OURS)
def test_every_health_check_of_the_lab_is_one_that_exists(name):
    program, script, *given = SERVICES[name]["healthcheck"]["test"][1:]
    assert (program, script) == ("python", "deploy/health.py")
    assert not given or given[0] in runpy.run_path(str(ROOT / script))["CHECKS"]
    if given[:1] == ["dask"]:
        assert f"127.0.0.1:{given[1]}" in SERVICES[name]["command"]


@pytest.mark.parametrize("name", sorted(THEIRS))
def test_every_image_of_others_is_named_by_a_version(name):
    image, _, tag = SERVICES[name]["image"].rpartition(":")
    assert image
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-[a-z]+)?", tag)


def test_the_example_names_every_variable_and_no_other():
    used = {match[1] for match in compose.VARIABLE.finditer(compose.FILE.read_text("utf-8"))}
    assert used == compose.example().keys()


@pytest.mark.parametrize("name", [name for name, value in compose.example().items() if not value] + ["LAB_HOST"])
def test_no_secret_has_a_default(name):
    with pytest.raises(KeyError, match=name):
        compose.read(compose.filled_in(**{name: ""}))


def test_the_clusters_workers_declare_what_the_labs_tasks_need():
    from dask.utils import parse_bytes

    command = SERVICES["dask-worker"]["command"]
    told = command[command.index("--resources") + 1]
    declared = {name: float(amount) for name, amount in (each.split("=") for each in told.split())}  # as Dask reads it
    assert declared == {needs.TOOLCHAIN: 1.0, needs.MEMORY: 4e9}
    assert parse_bytes(command[command.index("--memory-limit") + 1]) == declared[needs.MEMORY]
    assert "gcc-arm-none-eabi" in (ROOT / "Dockerfile").read_text("utf-8")
    for task in needs.NEEDS:
        needs.check_fits(needs.needed(task, declared), [declared])


def test_every_file_that_is_mounted_is_there():
    folders = {"./deploy/certificates", "./deploy/secrets"}  # a person's own, never committed
    sources = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes") or []}
    named = compose.read(compose.filled_in())["volumes"].keys()
    for source in sources - folders - named:
        assert (ROOT / source).is_file(), source
    ignored = (ROOT / ".gitignore").read_text().split() + (ROOT / ".dockerignore").read_text().split()
    assert [ignored.count(f"{folder[2:]}/") + ignored.count(folder[2:]) for folder in folders] == [2, 2]


def test_every_address_names_a_service_at_the_port_where_it_listens():
    garage = tomllib.loads((ROOT / "deploy" / "garage.toml").read_text("utf-8"))
    turn = dict(line.split("=") for line in (ROOT / "deploy" / "turnserver.conf").read_text().splitlines() if
                "=" in line and not line.startswith("#"))  # fmt: skip
    scheduler = SERVICES["scheduler"]["command"]
    listens = {
        "postgres": "5432", "store": garage["s3_api"]["api_bind_addr"].rpartition(":")[2],
        "scheduler": scheduler[scheduler.index("--port") + 1], "lab.example": turn["listening-port"],
    }  # fmt: skip
    said = "\n".join(str(value) for service in OURS.values() for value in service["environment"].values())
    asked = set(
        re.findall(r"(?:@|//|turn:)([a-z][\w.-]*):(\d+)", said + "\n" + " ".join(SERVICES["dask-worker"]["command"]))
    )
    assert asked == set(listens.items())
    assert garage["s3_api"]["s3_region"] == SERVICES["worker"]["environment"]["AWS_DEFAULT_REGION"]
    bucket = SERVICES["store"]["environment"]["GARAGE_DEFAULT_BUCKET"]
    assert SERVICES["worker"]["environment"]["LAB_ARTIFACTS_URL"].startswith(f"s3://{bucket}/")


def test_the_proxy_and_the_relay_know_the_replicas():
    network = compose.read(compose.filled_in())["networks"]["edge"]["ipam"]["config"][0]["subnet"]
    conf = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    exposed = re.search(r"^EXPOSE (\d+)$", (ROOT / "Dockerfile").read_text("utf-8"), re.M)[1]
    assert set(re.findall(r"server ([\w.-]+:\d+)", conf)) == {f"app-a:{exposed}", f"app-b:{exposed}"}
    first, last = re.search(
        r"^allowed-peer-ip=(.*)-(.*)$", (ROOT / "deploy" / "turnserver.conf").read_text(), re.M
    ).groups()
    for name in ("app-a", "app-b"):
        address = ipaddress.ip_address(SERVICES[name]["networks"]["edge"]["ipv4_address"])
        assert address in ipaddress.ip_network(network)
        assert ipaddress.ip_address(first) <= address <= ipaddress.ip_address(last)


def test_only_proxy_and_relay_are_reached_from_outside():
    open_ports = {name for name, service in SERVICES.items() if service.get("ports") or service.get("network_mode")}
    assert open_ports == {"proxy", "coturn"}
    assert yaml.safe_load(compose.FILE.read_text("utf-8"))["networks"]["inside"] == {"internal": True}
    assert all([*SERVICES[name]["networks"]] == ["inside"] for name in ("postgres", "store", "scheduler", "worker"))


def test_pages_start_no_worker_beside_the_one_that_serves_them():
    assert SERVICES["app-a"]["environment"]["LAB_WORKERS"] == "0"
    assert int(SERVICES["worker"]["environment"]["LAB_WORKERS"]) >= 1
