"""An operator of the trust list is pinned by hand at an existing node (SG 3.8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lienthong.apps.pki import ceremony, listing, trusted
from lienthong.apps.pki.authority.tests.office import Office
from lienthong.apps.pki.operator_key import make_operator_key
from lienthong.apps.pki.services.tests.test_trust_list_at_node import library, office, refreshed
from lienthong.core.signing import Trust, TrustInvalid
from lienthong.run.cli import cli

__all__ = ["library", "office"]  # fixtures

pytestmark = pytest.mark.django_db


def pem_of(office: Office) -> Path:
    return office.folder / ceremony.OPERATOR / "certificate.pem"


def pin(office: Office, *options: str) -> Result:
    """The command, with the right fingerprint."""
    found = x509.load_pem_x509_certificate(pem_of(office).read_bytes())
    digest = found.fingerprint(hashes.SHA256()).hex()
    command = ["pki", "operator", "pin", str(pem_of(office)), "--sha256", digest, *options]
    return CliRunner().invoke(cli, command)


def believed(trust: Trust, folder: Path) -> None:
    """The node starts anew from this trust."""
    trust.save(folder)
    trusted.install_trust(folder)


def test_a_node_that_pinned_nobody_takes_the_list_once_an_operator_is_pinned(
    office: Office, tmp_path: Path
) -> None:
    believed(replace(trusted.trust(), operators=()), tmp_path / "nobody")
    assert listing.refresh(at=office.at) is None

    told = pin(office)

    assert told.exit_code == 0, told.output
    assert refreshed(office.at).sequence == 1
    assert len(CliRunner().invoke(cli, ["pki", "operator", "list"]).output.splitlines()) == 1


def test_an_operator_pinned_alone_takes_the_place_of_the_others(
    office: Office, tmp_path: Path
) -> None:
    """A list by an operator who is believed no longer goes; that of the new one stays."""
    stranger = make_operator_key(tmp_path / "stranger", start=office.at - timedelta(days=1))
    refreshed(office.at)
    trusted.pin_operator(stranger.certificate, alone=False, at=office.at)
    assert pin(office, "--alone").exit_code == 0
    kept = trusted.trust()

    trusted.pin_operator(stranger.certificate, alone=True, at=office.at)

    assert (kept.list_number, len(kept.operators), bool(kept.services)) == (1, 1, True)
    after = trusted.trust()
    assert (after.operators, after.services) == ((stranger.certificate,), ())
    assert (after.trust_list, after.list_number) == (b"", None)


def test_an_operator_of_another_fingerprint_is_not_pinned(office: Office) -> None:
    before = trusted.trust().epoch

    told = CliRunner().invoke(
        cli, ["pki", "operator", "pin", str(pem_of(office)), "--sha256", "00" * 32]
    )

    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit | TrustInvalid)
    assert trusted.trust().epoch == before
