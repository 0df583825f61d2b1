"""The doors of a workshop for a room, opened for real on the loopback: plain page, https, localhost."""

import asyncio
import gc
import json
import plistlib
import ssl
import urllib.error
import urllib.request

import pytest
import websockets.sync.client

from lab.workspace.settings import settings
from lab.workspace.workshop import authority, serving, state
from lab.workspace.workshop.addresses import LOOPBACK
from tests.rooms import room
from tests.servers import free_port

ROOM = (LOOPBACK,)
"""Stands in for the address of a room: tests send nothing elsewhere."""
WAIT_S = 20.0


@pytest.fixture
def doors(tmp_path):
    files = authority.prepare(tmp_path / "tls", ROOM, ("leader",))
    return serving.Doors(LOOPBACK, free_port(), free_port(), free_port(), ROOM, files)


def fetched(address, context=None):
    with urllib.request.urlopen(address, timeout=20, context=context) as answer:
        return answer.headers["Content-Type"], answer.read()


def trusting(plain):
    """Return the trust of a browser that took the certificate which the plain page offers, and nothing else."""
    kind, pem = fetched(f"http://{LOOPBACK}:{plain}/authority.crt")
    assert kind == "application/x-x509-ca-cert"
    return ssl.create_default_context(cadata=pem.decode("ascii"))


def test_the_plain_page_offers_certificate_profile_fingerprint_and_the_way_in(doors):
    with serving.explaining(doors):
        address = f"http://{LOOPBACK}:{doors.plain}"
        page = fetched(address)[1].decode()
        kind, profile = fetched(f"{address}/authority.mobileconfig")
        pem = fetched(f"{address}/authority.crt")[1]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(f"{address}/../server.key")
    assert f'href="https://{LOOPBACK}:{doors.port}/join"' in page
    assert authority.fingerprint(doors.files.authority) in page
    assert kind == "application/x-apple-aspen-config"
    inner = plistlib.loads(profile)["PayloadContent"][0]
    assert inner["PayloadContent"] == ssl.PEM_cert_to_DER_cert(pem.decode())
    assert b"PRIVATE KEY" not in pem + profile


def test_what_a_browser_left_is_closed_behind_the_local_door_and_not_thrown_away(doors, caplog):
    async def walk():
        heard, left = asyncio.Event(), asyncio.Event()

        async def listen(reader, _writer):
            assert await reader.readexactly(1) == b"x"
            heard.set()
            assert await reader.read() == b""
            left.set()

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(doors.files.certificate, doors.files.key)
        async with (
            asyncio.timeout(WAIT_S), await asyncio.start_server(listen, LOOPBACK, doors.port, ssl=context),
            await serving._door(doors.local, doors.port),
        ):  # fmt: skip
            _, writer = await asyncio.open_connection(LOOPBACK, doors.local)
            writer.write(b"x")
            await heard.wait()
            writer.close()
            while not left.is_set() or len(asyncio.all_tasks()) > 1:
                gc.collect()  # whenever Python clears up
                await asyncio.sleep(0)

    gc.freeze()  # clearing up after all that earlier tests imported takes a second, and is done again and again
    try:
        asyncio.run(walk())
    finally:
        gc.unfreeze()
    assert caplog.text == ""


@pytest.fixture
def served(lab_home):
    with room(lab_home) as opened:
        yield opened


@pytest.mark.timeout(120)
def test_a_room_comes_in_by_https_that_its_own_authority_vouches_for(served):
    port, plain, local, said = served.port, served.plain, served.local, served.said
    code = state.current(settings().home).code
    assert f"https://{LOOPBACK}:{port}/join?code={code}" in said
    trust = trusting(plain)
    assert code in fetched(f"https://{LOOPBACK}:{port}/join?code={code}", trust)[1].decode()
    assert code in fetched(f"http://localhost:{local}/join?code={code}")[1].decode()
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        fetched(f"https://{LOOPBACK}:{port}/join")
    for address, context in ((f"wss://{LOOPBACK}:{port}", trust), (f"ws://localhost:{local}", None)):
        origin = address.replace("ws", "http", 1)
        with websockets.sync.client.connect(
            f"{address}/_stcore/stream", ssl=context, origin=origin, subprotocols=["streamlit"], open_timeout=20
        ) as socket:
            assert socket.subprotocol == "streamlit"
    health = json.loads(fetched(f"https://localhost:{port}/healthz", trust)[1])
    assert health
