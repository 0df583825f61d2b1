import ssl
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lab.workspace.workshop import authority

ROOM = ("192.168.7.5",)


@pytest.fixture
def files(tmp_path):
    return authority.prepare(tmp_path / "tls", ROOM, ("leader", "leader.local"))


def verified(files, *, host, chain=None):
    """Let OpenSSL say whether a browser that trusts the authority would trust a server's certificate."""
    kind = "-verify_ip" if host[0].isdigit() else "-verify_hostname"
    command = ["openssl", "verify", "-x509_strict", "-CAfile", files.authority, "-purpose", "sslserver", kind, host]
    return subprocess.run([*command, chain or files.certificate], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("host", ["192.168.7.5", "127.0.0.1", "localhost", "leader.local"])
def test_openssl_trusts_the_server_by_each_of_its_names(files, host):
    assert verified(files, host=host).returncode == 0


def test_another_address_is_not_trusted(files):
    assert "mismatch" in verified(files, host="192.168.7.6").stderr


def test_the_authority_cannot_vouch_for_any_other_site(files, tmp_path):
    key = serialization.load_pem_private_key((files.authority.parent / "authority.key").read_bytes(), None)
    own, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bank.example")])
    ca = x509.load_pem_x509_certificate(files.authority.read_bytes())
    forged = (
        x509.CertificateBuilder().subject_name(name).issuer_name(ca.subject).public_key(own.public_key())
        .serial_number(5).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=5))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bank.example")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "forged.pem"
    path.write_bytes(forged.public_bytes(serialization.Encoding.PEM))
    assert "permitted subtree violation" in verified(files, host="bank.example", chain=path).stderr


def test_keys_are_the_owners_alone_and_a_second_start_changes_nothing(files, tmp_path):
    for name in ("authority.key", "server.key"):
        assert (tmp_path / "tls" / name).stat().st_mode & 0o777 == 0o600
    before = {path.name: path.read_bytes() for path in (tmp_path / "tls").iterdir()}
    authority.prepare(tmp_path / "tls", ROOM, ("leader", "leader.local"))
    assert {path.name: path.read_bytes() for path in (tmp_path / "tls").iterdir()} == before


def test_new_addresses_renew_the_server_and_keep_what_people_trust(files, tmp_path):
    trusted = files.authority.read_bytes()
    authority.prepare(tmp_path / "tls", ("10.4.4.4",), ("leader", "leader.local"))
    assert files.authority.read_bytes() == trusted
    assert verified(files, host="10.4.4.4").returncode == 0


def test_an_address_that_is_not_private_is_vouched_for_alone(tmp_path):
    """Schools give laptops such addresses; an authority that may not name one makes every page fail."""
    made = authority.prepare(tmp_path / "tls", ("203.0.113.9",), ("leader",))
    assert verified(made, host="203.0.113.9").returncode == 0
    before = made.authority.read_bytes()
    authority.prepare(tmp_path / "tls", ("203.0.113.9",), ("leader",))
    assert made.authority.read_bytes() == before
    authority.prepare(tmp_path / "tls", ("203.0.113.10",), ("leader",))
    assert verified(made, host="203.0.113.10").returncode == 0


def test_apples_limit_of_825_days_is_kept_and_python_takes_the_pair(files):
    found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert found.not_valid_after_utc - found.not_valid_before_utc < timedelta(days=825)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)
    assert len(authority.fingerprint(files.authority)) == 95
