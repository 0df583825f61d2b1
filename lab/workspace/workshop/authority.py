"""A certificate authority of this LAB_HOME alone, so that a room without network has https.

Whoever trusts it trusts little: it may vouch only for private addresses, for this machine's names and addresses and for
localhost (name constraints, critical), and for no other site. Its key never leaves the folder, which only its owner may
open.
"""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.atomic import write_bytes
from lab.workspace.workshop.addresses import host_names

CA_DAYS, SERVER_DAYS, RENEW_DAYS = 730, 90, 7
"""Apple's systems refuse a server's certificate of more than 825 days."""
PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "::1/128",
    "fc00::/7", "fe80::/10",
)  # fmt: skip
CA_KEY, CA_FILE, KEY, CERTIFICATE = "authority.key", "authority.crt", "server.key", "server.crt"


@dataclass(frozen=True, slots=True)
class Files:
    """Where the parts lie.

    Attributes:
        authority: the certificate that people trust, PEM.
        certificate: the server's with the authority's, PEM.
        key: the server's, PEM.
    """

    authority: Path
    certificate: Path
    key: Path


def prepare(folder: Path, addresses: tuple[str, ...], names: tuple[str, ...] | None = None) -> Files:
    """Return a certificate for these addresses and this machine's names; made anew when they changed or it runs out.

    Args:
        folder: only its owner may open it.
        addresses: IP addresses of this machine.
        names: of this machine; by default what it is called.

    Raises:
        LabError: the folder cannot be written.
    """
    names = ("localhost", *(host_names() if names is None else names))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    key, authority = _authority(folder, addresses, names)
    files = Files(folder / CA_FILE, folder / CERTIFICATE, folder / KEY)
    if not _still_good(files, addresses, names, authority):
        _issue(files, addresses, names, key, authority)
    return files


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of a PEM certificate as systems show it, to compare by eye."""
    data = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    return ":".join(f"{byte:02X}" for byte in data)


def _authority(
    folder: Path, addresses: tuple[str, ...], names: tuple[str, ...]
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key_file, file = folder / CA_KEY, folder / CA_FILE
    if key_file.exists() and file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        good = _lasts(certificate) and _allows(certificate, addresses, names)
        if good and isinstance(key, ec.EllipticCurvePrivateKey):
            return key, certificate
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"TinyML Lab workshop on {names[-1]}"[:64])])
    networks = [*map(ipaddress.ip_network, PRIVATE), *_outside(addresses)]
    allowed = [*map(x509.IPAddress, networks), *map(x509.DNSName, names)]
    certificate = (
        _builder(name, name, key.public_key(), CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(allowed, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_secret(key_file, key)
    write_bytes(file, certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate


def _issue(
    files: Files, addresses: tuple[str, ...], names: tuple[str, ...], key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
) -> None:  # fmt: skip
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TinyML Lab")])
    named: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
    named += [x509.IPAddress(ipaddress.ip_address(each)) for each in sorted({*addresses, "127.0.0.1"})]
    certificate = (
        _builder(subject, authority.subject, own.public_key(), SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(named), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_secret(files.key, own)
    pem = serialization.Encoding.PEM
    write_bytes(files.certificate, certificate.public_bytes(pem) + authority.public_bytes(pem))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # laptops' clocks differ
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _still_good(files: Files, addresses: tuple[str, ...], names: tuple[str, ...], authority: x509.Certificate) -> bool:
    if not (files.key.exists() and files.certificate.exists()):
        return False
    found = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    named = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    covers = {str(each) for each in named.get_values_for_type(x509.IPAddress)} >= {*addresses}
    ours = authority.public_bytes(serialization.Encoding.PEM) in files.certificate.read_bytes()
    return covers and ours and set(named.get_values_for_type(x509.DNSName)) >= {*names} and _lasts(found)


def _lasts(certificate: x509.Certificate) -> bool:
    left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return left > datetime.timedelta(days=RENEW_DAYS)


def _outside(addresses: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return those of this machine's addresses that are not private, as networks of one: some schools give such."""
    private = [ipaddress.ip_network(each) for each in PRIVATE]
    return [
        ipaddress.ip_network(each)
        for each in addresses
        if not any(ipaddress.ip_address(each) in network for network in private)
    ]


def _allows(authority: x509.Certificate, addresses: tuple[str, ...], names: tuple[str, ...]) -> bool:
    allowed = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    found = {each.value for each in allowed if isinstance(each, x509.DNSName | x509.IPAddress)}
    return found >= {*names, *_outside(addresses)}


def _write_secret(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path.chmod(0o600)
