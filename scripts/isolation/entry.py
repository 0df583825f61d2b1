"""A served lab where people sign in, and their cookies, as the identity provider's answer would have made them."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from streamlit.web.server.starlette.starlette_app_utils import create_signed_value, generate_xsrf_token_string

from scripts.isolation.caller import Caller
from tests.servers import end, free_port

ROOT = Path(__file__).resolve().parents[2]
SECRET = "s" * 40
START_S = 120.0
USER_COOKIE, XSRF_COOKIE = "_streamlit_user", "_streamlit_xsrf"
ANN, BEN, CAT = "ann@example.org", "ben@example.org", "cat@example.org"


@contextlib.contextmanager
def served(folder: Path, **environment: str) -> Iterator[str]:
    """Serve the lab with sign-in, on LAB_HOME `folder`/home; yield its address. No worker starts.

    Nobody asks the identity provider: it is named, and does not run.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    secrets = folder / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "{url}/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "lab"\n'
        f'client_secret = "secret"\nserver_metadata_url = "http://127.0.0.1:{free_port()}/"\n'
    )
    app = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true",
         f"--server.port={port}", f"--secrets.files={secrets}"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, **settings_of(folder / "home"), **environment},
    )  # fmt: skip
    try:
        _wait(url, app)
        yield url
    finally:
        end(app)


def settings_of(home: Path) -> dict[str, str]:
    """Return the environment of an instance of its own."""
    return {
        "LAB_HOME": str(home), "LAB_WORKERS": "0", "DATABASE_URL": "", "LAB_ARTIFACTS_URL": "",
        "DASK_SCHEDULER_ADDRESS": "",
    }  # fmt: skip


def signed_in(url: str, who: str, ago_s: float = 0.0) -> Caller:
    """Return a caller with the cookie that a sign-in left so many seconds ago."""
    claims = {
        "origin": url, "is_logged_in": True, "sub": who, "email": who, "name": who.partition("@")[0].title(),
        "iat": time.time() - ago_s,
    }  # fmt: skip
    signed = create_signed_value(SECRET, USER_COOKIE, json.dumps(claims)).decode("latin-1")
    return _with(url, f"{USER_COOKIE}={signed}; ")


def nobody(url: str) -> Caller:
    """Return a caller that never signed in."""
    return _with(url, "")


def _with(url: str, cookies: str) -> Caller:
    token = generate_xsrf_token_string()
    return Caller(url, cookie=f"{cookies}{XSRF_COOKIE}={token}", token=token)


def _wait(url: str, app: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
            return
        assert app.poll() is None, "the app ended"
        assert time.monotonic() < deadline, "the app does not answer"
        time.sleep(0.1)
