"""A served app whose people sign in at an identity provider of this machine, in real browsers."""

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.microphone import CHROMIUM, served
from tests.servers import end, free_port, wait_for

FLAGS = ["--no-sandbox", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
"""Nothing in the browser reaches beyond this machine."""
ANN, BEN = "ann@example.org", "ben@example.org"


@contextmanager
def provider():
    """Run an identity provider; yield its address."""
    port = free_port()
    people = [
        f"--user-claims={json.dumps({'sub': who, 'email': who, 'name': who.partition('@')[0].title()})}"
        for who in (ANN, BEN)
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", f"--port={port}", *people],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


@contextmanager
def signed(folder: Path, **environment):
    """Serve the app with sign-in; yield its address."""
    with provider() as address:
        port = free_port()
        secrets = folder / "secrets.toml"
        secrets.write_text(
            f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{"s" * 40}"\n'
            f'client_id = "lab"\nclient_secret = "secret"\n'
            f'server_metadata_url = "{address}/.well-known/openid-configuration"\n'
        )
        with served(folder / "home", port, [f"--secrets.files={secrets}"], **environment) as (here, _):
            yield here


def sign_in(page, address, who, path=""):
    """Open the lab as nobody, and sign in."""
    page.goto(f"{address}/{path}")
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=sub]").fill(who)
    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("Project").first.wait_for()
    drawn(page)


def drawn(page):
    """Wait until a page is drawn."""
    page.locator(".stMainBlockContainer h1").first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")


@contextmanager
def chromium(tools):
    """Open Chromium."""
    browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    try:
        yield browser
    finally:
        browser.close()
