"""What arrives is judged by what this node knows, not by what the axis knew (SG-V-10)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import jobs
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.tests.conftest import Desk, KeyCabinet
from lienthong.apps.documents.tests.incoming.test_arriving import arrived, carry, outbound_of, sent
from lienthong.apps.documents.verification import keeping
from lienthong.apps.pki import api as pki
from lienthong.core.signing import Trust

pytestmark = pytest.mark.django_db


@pytest.fixture
def trust_folder(settings: Settings, keys: KeyCabinet) -> Iterator[Path]:
    """The node's trust, which is as before after the test."""
    folder = Path(settings.DATA_DIR) / "trust"
    before = Trust.from_directory(folder)
    yield folder
    believe(folder, before)


def believe(folder: Path, trust: Trust) -> None:
    """What this node goes by from now on."""
    trust.save(folder)
    (folder / "epoch.txt").write_text(f"{trust.epoch} {timezone.now()}", encoding="ascii")


def looked_after(document: IncomingDocument) -> IncomingDocument:
    """The document after one round of the job."""
    jobs.keep_evidence()
    with accounts.everywhere():
        return IncomingDocument.objects.get(pk=document.pk)


def verdict_of(document: IncomingDocument) -> str:
    return str(document.report["document"]["verdict"])


def test_a_signer_revoked_before_the_axis_heard_of_it_is_found_by_the_receiver(
    ministry: Desk, province: Desk, keys: KeyCabinet, trust_folder: Path, tmp_path: Path
) -> None:
    outgoing = sent(ministry, province)
    outbound = outbound_of(ministry, outgoing.outbound_id)
    copy = shutil.copytree(keys.authorities, tmp_path / "authorities")
    certificate = pki.Certificate.objects.get(person_id=ministry.deputy.person_id)
    pki.revoke(copy, certificate, at=timezone.now() - timedelta(minutes=1))
    pki.take_bundle(Trust.from_directory(copy / "trust").bundle())

    document = arrived(province, carry(outbound, province))

    assert document.legal_value == LegalValue.INFORMATION_ONLY
    assert verdict_of(document) == "INVALID"


def test_what_cannot_be_decided_on_arrival_is_asked_again_until_it_can(
    ministry: Desk, province: Desk, trust_folder: Path, settings: Settings
) -> None:
    """Neither OCSP nor a list can be had: not valid, shown so, and decided later by the job."""
    outgoing = sent(ministry, province)
    outbound = outbound_of(ministry, outgoing.outbound_id)
    whole = Trust.from_directory(trust_folder)
    settings.PKI_URL = "http://127.0.0.1:9"
    believe(trust_folder, replace(whole, crls=()))

    document = arrived(province, carry(outbound, province))
    at_first = document.legal_value, verdict_of(document)
    document = looked_after(document)
    still = document.legal_value, verdict_of(document), document.evidence_at
    believe(trust_folder, whole)
    with accounts.everywhere():
        waiting = list(keeping.without_evidence(timezone.now()))
    document = looked_after(document)

    assert at_first == (LegalValue.INFORMATION_ONLY, "UNKNOWN")
    assert still == (LegalValue.INFORMATION_ONLY, "UNKNOWN", None)
    assert waiting == [document]
    assert (document.legal_value, verdict_of(document)) == (LegalValue.EQUIVALENT, "VALID")
    assert document.evidence_at is not None
