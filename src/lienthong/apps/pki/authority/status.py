"""Revoke, hold, release: rows, the directory of authorities, and the published list in one step.

The list is signed and published inside the transaction; should the transaction then fail, the next
`registry.sync` takes the change from the directory. A status never exists in rows alone.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from django.db import transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority import lists, policy, registry
from lienthong.apps.pki.authority.models import (
    CertificateAuthority,
    IssuedCertificate,
    ReceivedRequest,
    StatusProposal,
)
from lienthong.apps.pki.authority.rules import (
    CertificateStateWrong,
    Reason,
    SecondPersonNeeded,
    Status,
    StatusAct,
)
from lienthong.apps.pki.contract import CONFIRM_HOLD_WITHIN

__all__ = ["confirm_hold", "decide", "hold", "policy", "propose", "release", "revoke"]


@transaction.atomic
def revoke(
    directory: Path,
    certificate: IssuedCertificate,
    *,
    at: datetime,
    reason: Reason,
    invalidity_at: datetime | None = None,
) -> IssuedCertificate:
    """Revoke for good; a hold keeps its time. What is revoked already stays as it is."""
    authority, row = _locked(certificate, at)
    if row.status == Status.REVOKED:
        return row
    was_on_hold = row.status == Status.ON_HOLD
    crl = ceremony.revoke(
        directory, _parsed(row), at=at, reason=reason.flag, invalidity_at=invalidity_at
    )
    row.status, row.reason, row.invalidity_at = Status.REVOKED, reason, invalidity_at
    row.status_at = row.status_at if was_on_hold else at
    return _kept(directory, authority, row, crl)


@transaction.atomic
def hold(directory: Path, certificate: IssuedCertificate, *, at: datetime) -> IssuedCertificate:
    """Suspend at once (SG-R-04). Raises CertificateStateWrong when it is revoked."""
    authority, row = _locked(certificate, at)
    if row.status == Status.ON_HOLD:
        return row
    if row.status == Status.REVOKED:
        raise CertificateStateWrong(detail="đã thu hồi nên không tạm dừng được")
    crl = ceremony.revoke(directory, _parsed(row), at=at, reason=Reason.HOLD.flag)
    row.status, row.status_at, row.reason = Status.ON_HOLD, at, Reason.HOLD
    return _kept(directory, authority, row, crl)


@transaction.atomic
def release(directory: Path, certificate: IssuedCertificate, *, at: datetime) -> IssuedCertificate:
    """End a hold. Raises CertificateStateWrong when there is none."""
    authority, row = _locked(certificate, at)
    if row.status != Status.ON_HOLD:
        raise CertificateStateWrong(detail="không ở trạng thái tạm dừng")
    crl = ceremony.release(directory, _parsed(row), at=at)
    row.status, row.status_at, row.reason = Status.ACTIVE, at, ""
    return _kept(directory, authority, row, crl)


@transaction.atomic
def confirm_hold(actor: Actor, request: ReceivedRequest, *, at: datetime) -> ReceivedRequest:
    """A second person stands by an emergency hold (SG 4.1). Raises CertificateStateWrong."""
    accounts.check(actor, "pki.certify")
    found = ReceivedRequest.objects.select_for_update().get(pk=request.pk)
    if found.confirm_before is None or found.confirmed_at is not None:
        raise CertificateStateWrong(detail="không có việc tạm dừng nào chờ xác nhận")
    found.confirmed_by_id, found.confirmed_at = actor.person_id, at
    found.save(update_fields=["confirmed_by", "confirmed_at"])
    return found


def confirmed_by_registrar(request: ReceivedRequest, name: str, *, at: datetime) -> None:
    """Another registrar's signed request stands by a hold; in the caller's transaction."""
    request.confirmed_as, request.confirmed_at = name[:200], at
    request.save(update_fields=["confirmed_as", "confirmed_at"])


@transaction.atomic
def propose(
    actor: Actor,
    certificate: IssuedCertificate,
    act: StatusAct,
    *,
    reason: Reason,
    why: str,
    at: datetime,
    directory: Path,
    hold_meanwhile: bool = False,
    invalidity_at: datetime | None = None,
) -> StatusProposal:
    """An officer asks a second one to change a status; with `hold_meanwhile` it is suspended now.

    Raises CertificateStateWrong when it is revoked, or a proposal is open already.
    """
    accounts.check(actor, "pki.certify")
    row = IssuedCertificate.objects.select_for_update().get(pk=certificate.pk)
    if row.status == Status.REVOKED:
        raise CertificateStateWrong(detail="đã thu hồi")
    if act == StatusAct.RELEASE and row.status != Status.ON_HOLD:
        raise CertificateStateWrong(detail="không ở trạng thái tạm dừng")
    if row.proposals.filter(accepted=None).exists():
        raise CertificateStateWrong(detail="đang có một đề nghị chờ quyết định")
    if hold_meanwhile:
        hold(directory, row, at=at)
    return StatusProposal.objects.create(
        certificate=row,
        act=act,
        reason=reason,
        why=why[:500],
        invalidity_at=invalidity_at,
        proposed_by_id=actor.person_id,
        proposed_at=at,
        confirm_before=at + CONFIRM_HOLD_WITHIN if hold_meanwhile else None,
    )


@transaction.atomic
def decide(
    actor: Actor, proposal: StatusProposal, *, accept: bool, at: datetime, directory: Path
) -> StatusProposal:
    """The second officer carries a proposal out, or drops it; the first may drop it too.

    Raises SecondPersonNeeded, CertificateStateWrong.
    """
    accounts.check(actor, "pki.certify")
    found = StatusProposal.objects.select_for_update().get(pk=proposal.pk)
    if found.accepted is not None:
        raise CertificateStateWrong(detail="đề nghị đã được quyết định")
    if accept and found.proposed_by_id == actor.person_id:
        raise SecondPersonNeeded(detail="người đề nghị không tự quyết định")
    if accept and found.act == StatusAct.REVOKE:
        reason = Reason(found.reason)
        revoke(
            directory,
            found.certificate,
            at=at,
            reason=reason,
            invalidity_at=found.invalidity_at if reason is Reason.KEY_COMPROMISE else None,
        )
    elif accept:
        release(directory, found.certificate, at=at)
    found.accepted, found.decided_by_id, found.decided_at = accept, actor.person_id, at
    found.save(update_fields=["accepted", "decided_by", "decided_at"])
    return found


def _locked(
    certificate: IssuedCertificate, at: datetime
) -> tuple[CertificateAuthority, IssuedCertificate]:
    authority = CertificateAuthority.objects.select_for_update().get(pk=certificate.authority_id)
    registry.check_clock(authority, at)
    return authority, IssuedCertificate.objects.select_for_update().get(pk=certificate.pk)


def _parsed(row: IssuedCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(row.pem.encode("ascii"))


def _kept(
    directory: Path,
    authority: CertificateAuthority,
    row: IssuedCertificate,
    crl: x509.CertificateRevocationList,
) -> IssuedCertificate:
    row.save(update_fields=["status", "status_at", "reason", "invalidity_at"])
    registry.keep_list(authority, crl)
    lists.issue_delta(directory, authority, at=row.status_at or crl.last_update_utc)
    registry.take_lists(directory)
    return row
