"""Ask for something: enter, add papers, make the key, hand in, take back (SG 4.2).

Each function is one transaction. The subject's facts come from the accounts and the directory.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.files import api as files
from lienthong.apps.pki import deadlines, keyfiles
from lienthong.apps.pki.authority.renewal import rule_at
from lienthong.apps.pki.contract import CLOCK, ISSUING, RequestKind, SubjectKind
from lienthong.apps.pki.models import Certificate, CertificateRequest, RequestEvidence, RequestTable
from lienthong.apps.pki.registration import mapping, newkeys, queries, rules
from lienthong.apps.pki.registration.rules import COMPROMISED, Move, RequestState
from lienthong.apps.pki.registration.writing import check_asks, locked, pending_key, record
from lienthong.apps.pki.rules import KeyPlace
from lienthong.apps.pki.signers import Consent
from lienthong.apps.pki.usable import KeyState, state_of
from lienthong.core.signing.authority import read_certificate_request


@dataclass(frozen=True, slots=True)
class Paper:
    """A file given as evidence."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; the subject's facts come from the accounts and the directory."""

    kind: RequestKind
    profile: SubjectKind = SubjectKind.PERSON
    seat_id: int | None = None  # of the person to be certified; None: the one who asks
    certificate_id: int | None = None
    ground: str = ""
    reason: str = ""
    invalidity_at: datetime | None = None
    device_serial: str = ""
    key_place: KeyPlace = KeyPlace.FILE
    key_device: str = ""


@transaction.atomic
def enter(
    actor: Actor,
    wish: Wish,
    papers: Sequence[Paper] = (),
    *,
    table: RequestTable | None = None,
    csr: bytes = b"",
) -> CertificateRequest:
    """Begin a request. table, csr: of a row of a table, whose key a device made.

    Raises RegistrarMissing, RequestOpenAlready, CertificateStateUnfit,
    CertificateUnknownHere, EvidenceUnsuitable, Forbidden.
    """
    seat = _seat(actor, wish.seat_id)
    organization = seat.organization
    certificate = _certificate(actor, wish, seat)
    request = CertificateRequest(
        organization=organization,
        authority=queries.authority_of(organization),
        kind=wish.kind,
        profile=wish.profile,
        person=seat.person if wish.profile is SubjectKind.PERSON else None,
        subject=_subject(wish.profile, seat),
        certificate=certificate,
        ground=wish.ground,
        reason=wish.reason[:500],
        invalidity_at=wish.invalidity_at if wish.ground in COMPROMISED else None,
        device_serial=wish.device_serial,
        key_place=wish.key_place,
        key_device=wish.key_device,
        entered_by_id=actor.seat_id,
        table=table,
    )
    check_asks(actor, request)
    check_free(request)
    if csr:
        _put_csr(request, csr)
    request.save()
    for paper in papers:
        _keep(request, paper)
    record(request, "entered", actor)
    return request


@transaction.atomic
def add_evidence(actor: Actor, request: CertificateRequest, paper: Paper) -> RequestEvidence:
    """Add a paper to a request that is still with the one who asks. Raises EvidenceUnsuitable."""
    request = locked(request)
    check_asks(actor, request)
    rules.after(RequestState(request.state), Move.SUBMIT)
    return _keep(request, paper)


@transaction.atomic
def make_key_for(
    actor: Actor, request: CertificateRequest, consent: Consent | str, *, credential: str = ""
) -> CertificateRequest:
    """Make the holder's key under the holder's own PIN, and its proof of possession (SG 4.3).

    credential: which of the holder's keys at a remote service; its only one if empty.
    Raises Forbidden, and as `newkeys.make`.
    """
    request = locked(request)
    accounts.check(actor, "pki.accept", request)  # only the holder knows the PIN
    rules.after(RequestState(request.state), Move.SUBMIT)
    made = newkeys.make(request, Consent.of(consent), credential=credential)
    request.csr, request.key_path = base64.b64encode(made.csr).decode("ascii"), made.path
    request.save(update_fields=["csr", "key_path"])
    return request


@transaction.atomic
def take_csr(actor: Actor, request: CertificateRequest, csr: bytes) -> CertificateRequest:
    """Take the PKCS#10 that a device made for exactly this subject.

    Raises signing's CertificateRequestRefused.
    """
    request = locked(request)
    check_asks(actor, request)
    rules.after(RequestState(request.state), Move.SUBMIT)
    _put_csr(request, csr)
    request.save(update_fields=["csr"])
    return request


@transaction.atomic
def submit(
    actor: Actor, request: CertificateRequest, *, at: datetime | None = None
) -> CertificateRequest:
    """Hand the request in; from now on the legal clock runs (SG 4.1). Raises EvidenceMissing."""
    at = at or timezone.now()
    request = locked(request)
    check_asks(actor, request)
    request.state = rules.after(RequestState(request.state), Move.SUBMIT)
    check_whole(request)
    rule = deadlines.rule_for(CLOCK[RequestKind(request.kind)], at)
    request.submitted_at, request.return_reason, request.refusal = at, "", None
    request.due_at, request.target_at, request.basis = rule.due(at), rule.target(at), rule.basis
    request.save()
    record(request, Move.SUBMIT, actor)
    return request


@transaction.atomic
def withdraw(actor: Actor, request: CertificateRequest) -> CertificateRequest:
    """Take the request back; the key made for it is destroyed."""
    request = locked(request)
    check_asks(actor, request)
    if request.is_emergency:  # what was reported lost is not found again by a click
        raise rules.RegistrationMoveNotAllowed(
            state=str(RequestState(request.state).label), move=str(Move.WITHDRAW.label)
        )
    request.state = rules.after(RequestState(request.state), Move.WITHDRAW)
    request.save(update_fields=["state"])
    keyfiles.forget_pending_key(pending_key(request))
    record(request, Move.WITHDRAW, actor)
    return request


def check_fit(certificate: Certificate, kind: RequestKind, *, at: datetime) -> None:
    """Raise CertificateStateUnfit unless a request of that kind makes sense for it now."""
    state = state_of(certificate, at)
    fit = {
        RequestKind.RENEW: {KeyState.ACTIVE},
        RequestKind.CHANGE: {KeyState.ACTIVE},
        RequestKind.REVOKE: {KeyState.ACTIVE, KeyState.ON_HOLD, KeyState.NOT_YET},
        RequestKind.HOLD: {KeyState.ACTIVE},
        RequestKind.RELEASE: {KeyState.ON_HOLD},
        RequestKind.RESTORE: {KeyState.ACTIVE},
    }
    if state.state not in fit[kind]:
        raise rules.CertificateStateUnfit(state=state.text, wanted=str(kind.label).lower())
    left = certificate.not_after - at
    needed = rule_at(at).days_left_min
    if kind is RequestKind.RENEW and left.days < needed:
        raise rules.CertificateStateUnfit(
            state=f"chỉ còn {left.days} ngày, dưới {needed} ngày,",
            wanted="gia hạn; hãy đề nghị cấp mới",
        )


def check_whole(request: CertificateRequest) -> None:
    """Raise EvidenceMissing or KeyNotMade while something is missing from the file.

    For a row of a table the table itself, kept by its digest, is the paper.
    """
    is_new_person = request.kind == RequestKind.NEW and request.profile == SubjectKind.PERSON
    if is_new_person and request.table_id is None and not request.evidence.exists():
        raise rules.EvidenceMissing
    if request.kind in ISSUING and not request.csr:
        raise rules.KeyNotMade


def _seat(actor: Actor, seat_id: int | None) -> Seat:
    """The seat of the person to be certified: one's own, or, for a registrar, one below."""
    found = Seat.objects.select_related("person", "organization", "unit")
    seat = found.get(pk=seat_id or actor.seat_id)
    if seat.pk != actor.seat_id:
        home = directory.get(actor.organization_id)
        if Role.REGISTRAR not in actor.roles or seat.organization_id not in queries.subtree(home):
            raise accounts.Forbidden(action="pki.request")
    return seat


def _subject(profile: SubjectKind, seat: Seat) -> dict[str, str]:
    if profile is SubjectKind.PERSON:
        return mapping.person_subject(seat.person, seat)
    if profile is SubjectKind.AGENCY:
        return mapping.agency_subject(seat.organization)
    return mapping.service_subject(seat.organization)


def _certificate(actor: Actor, wish: Wish, seat: Seat) -> Certificate | None:
    """The certificate the wish speaks of, when it may be spoken of so. None for a new one."""
    if wish.kind is RequestKind.NEW:
        return None
    holder = (
        {"person_id": seat.person_id}
        if wish.profile is SubjectKind.PERSON
        else {"organization_id": seat.organization_id}
    )
    kind = mapping.KEY_KINDS[wish.profile]
    found = Certificate.objects.filter(pk=wish.certificate_id or 0, kind=kind, **holder).first()
    if found is None:
        raise rules.CertificateUnknownHere
    check_fit(found, wish.kind, at=timezone.now())
    return found


def check_free(request: CertificateRequest) -> None:
    """Raise RequestOpenAlready when the like of it is under way."""
    same = CertificateRequest.objects.filter(
        kind=request.kind, profile=request.profile, organization=request.organization
    ).filter(state__in=sorted(rules.OPEN))
    same = (
        same.filter(certificate=request.certificate)
        if request.certificate
        else same.filter(person=request.person)
    )
    if same.exists():
        raise rules.RequestOpenAlready(kind=str(RequestKind(request.kind).label))


def _keep(request: CertificateRequest, paper: Paper) -> RequestEvidence:
    if paper.content_type not in rules.EVIDENCE_TYPES:
        raise rules.EvidenceUnsuitable(name=paper.name[:80], reason="chỉ nhận PDF, JPEG, PNG")
    if not 0 < len(paper.data) <= rules.EVIDENCE_SIZE_MAX_BYTES:
        raise rules.EvidenceUnsuitable(name=paper.name[:80], reason="tệp rỗng hoặc lớn quá 10 MB")
    stored = files.put(paper.data)
    return RequestEvidence.objects.create(
        request=request,
        organization=request.organization,
        authority=request.authority,
        name=paper.name.replace("\\", "/").rsplit("/", 1)[-1][-255:],
        content_type=paper.content_type,
        sha256=stored.sha256,
        size=stored.size,
    )


def _put_csr(request: CertificateRequest, csr: bytes) -> None:
    """Raises signing's CertificateRequestRefused unless it is for exactly this subject."""
    read_certificate_request(csr, mapping.subject_of(request))
    request.csr = base64.b64encode(csr).decode("ascii")
