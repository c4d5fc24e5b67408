"""Writes of registration: enter, submit, check, approve, hand to the authority, take over.

Each function is one transaction, but for `send`, which asks the authority in between. Two persons
act in each request: whoever entered it, or is its subject, never approves it (SG 4.3).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Person, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.files import api as files
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import deadlines, keyfiles
from lienthong.apps.pki import queries as keys
from lienthong.apps.pki.actions import install_key, mark_revoked, register_certificate
from lienthong.apps.pki.authority.renewal import rule_at
from lienthong.apps.pki.models import Certificate, CertificateRequest, RequestEvidence, RequestStep
from lienthong.apps.pki.registration import client, mapping, policy, queries, rules
from lienthong.apps.pki.registration.events import RequestActed
from lienthong.apps.pki.registration.rules import (
    CLOCK,
    COMPROMISED,
    ISSUING,
    Ground,
    Move,
    RequestKind,
    RequestState,
    SubjectKind,
)
from lienthong.apps.pki.rules import KeyKind
from lienthong.apps.pki.usable import KeyState, state_of
from lienthong.core import signing
from lienthong.core.signing.authority import (
    make_certificate_request,
    make_ec_key,
    make_key,
    read_certificate_request,
)


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


@transaction.atomic
def enter(actor: Actor, wish: Wish, papers: Sequence[Paper] = ()) -> CertificateRequest:
    """Begin a request. Raises RegistrarMissing, RequestOpenAlready, CertificateStateUnfit,
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
        entered_by_id=actor.seat_id,
    )
    _check_asks(actor, request)
    _check_free(request)
    request.save()
    for paper in papers:
        _keep(request, paper)
    _record(request, "entered", actor)
    return request


@transaction.atomic
def add_evidence(actor: Actor, request: CertificateRequest, paper: Paper) -> RequestEvidence:
    """Add a paper to a request that is still with the one who asks. Raises EvidenceUnsuitable."""
    request = _locked(request)
    _check_asks(actor, request)
    rules.after(RequestState(request.state), Move.SUBMIT)
    return _keep(request, paper)


@transaction.atomic
def make_key_for(actor: Actor, request: CertificateRequest, pin: str) -> CertificateRequest:
    """Make the holder's key under the holder's own PIN, and its proof of possession (SG 4.3).

    RSA-3072 for persons and seals, P-256 for services. Raises PinTooWeak, Forbidden.
    """
    rules.check_pin(pin)
    request = _locked(request)
    accounts.check(actor, "pki.accept", request)  # only the holder knows the PIN
    rules.after(RequestState(request.state), Move.SUBMIT)
    key = make_ec_key() if request.profile == SubjectKind.SERVICE else make_key()
    keyfiles.make_pending_key(_pending(request), key, pin)
    csr = make_certificate_request(key, mapping.subject_of(request))
    request.csr = base64.b64encode(csr).decode("ascii")
    request.save(update_fields=["csr"])
    return request


@transaction.atomic
def take_csr(actor: Actor, request: CertificateRequest, csr: bytes) -> CertificateRequest:
    """Take the PKCS#10 that a device made for exactly this subject.

    Raises signing's CertificateRequestRefused.
    """
    request = _locked(request)
    _check_asks(actor, request)
    rules.after(RequestState(request.state), Move.SUBMIT)
    read_certificate_request(csr, mapping.subject_of(request))
    request.csr = base64.b64encode(csr).decode("ascii")
    request.save(update_fields=["csr"])
    return request


@transaction.atomic
def submit(
    actor: Actor, request: CertificateRequest, *, at: datetime | None = None
) -> CertificateRequest:
    """Hand the request in; from now on the legal clock runs (SG 4.1). Raises EvidenceMissing."""
    at = at or timezone.now()
    request = _locked(request)
    _check_asks(actor, request)
    request.state = rules.after(RequestState(request.state), Move.SUBMIT)
    _check_whole(request)
    rule = deadlines.rule_for(CLOCK[RequestKind(request.kind)], at)
    request.submitted_at, request.return_reason, request.refusal = at, "", None
    request.due_at, request.target_at, request.basis = rule.due(at), rule.target(at), rule.basis
    request.save()
    _record(request, Move.SUBMIT, actor)
    return request


@transaction.atomic
def confirm(actor: Actor, request: CertificateRequest) -> CertificateRequest:
    """The leader of the managing agency stands behind the request (SG 4.2)."""
    request = _locked(request)
    accounts.check(actor, "pki.confirm", request)
    rules.after(RequestState(request.state), Move.CONFIRM)
    request.confirmed_by_id = actor.seat_id
    request.save(update_fields=["confirmed_by"])
    _record(request, Move.CONFIRM, actor)
    return request


@transaction.atomic
def return_request(actor: Actor, request: CertificateRequest, reason: str) -> CertificateRequest:
    """Give the request back to whoever asked, with what is missing."""
    request = _locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    request.state = rules.after(RequestState(request.state), Move.RETURN)
    request.return_reason = reason[:500]
    request.save(update_fields=["state", "return_reason"])
    if request.is_emergency and request.certificate:
        Certificate.objects.filter(pk=request.certificate_id or 0).update(held_at=None)
    _record(request, Move.RETURN, actor, reason)
    return request


@transaction.atomic
def withdraw(actor: Actor, request: CertificateRequest) -> CertificateRequest:
    """Take the request back; the key made for it is destroyed."""
    request = _locked(request)
    _check_asks(actor, request)
    if request.is_emergency:  # what was reported lost is not found again by a click
        raise rules.RegistrationMoveNotAllowed(
            state=str(RequestState(request.state).label), move=str(Move.WITHDRAW.label)
        )
    request.state = rules.after(RequestState(request.state), Move.WITHDRAW)
    request.save(update_fields=["state"])
    keyfiles.forget_pending_key(_pending(request))
    _record(request, Move.WITHDRAW, actor)
    return request


@transaction.atomic
def verify(actor: Actor, request: CertificateRequest) -> CertificateRequest:
    """The registrar has checked identity and evidence. Raises ManagerNotConfirmed, AboutOneself."""
    request = _locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    if request.needs_manager and request.confirmed_by_id is None:
        raise rules.ManagerNotConfirmed(agency=request.organization.name)
    if request.person_id == actor.person_id:
        raise rules.AboutOneself
    _check_whole(request)
    request.state = rules.after(RequestState(request.state), Move.VERIFY)
    request.verified_by_id = actor.seat_id
    request.save(update_fields=["state", "verified_by"])
    _record(request, Move.VERIFY, actor)
    return request


def approve(
    actor: Actor, request: CertificateRequest, pin: str, *, at: datetime | None = None
) -> CertificateRequest:
    """Sign the request with the registrar's own key; `send` hands it over afterwards.

    Raises AboutOneself, MandateMissing, AuthorityUnreachable, KeyPasswordWrong,
    CertificateNotUsable (a revoked registrar); then nothing changed.
    """
    at = at or timezone.now()
    accounts.check(actor, "pki.register", request.at_authority)
    _check_other_person(actor, request)
    rules.after(RequestState(request.state), Move.APPROVE)
    mandate = mandate_of(request.authority)
    signer = keys.person_signer(actor.person_id, pin)
    return sign_approval(actor, request, signer, mandate, at=at)


@transaction.atomic
def sign_approval(
    actor: Actor,
    request: CertificateRequest,
    signer: signing.DigestSigner,
    mandate: str,
    *,
    at: datetime,
) -> CertificateRequest:
    """Approve one request with a key that is open already: alone, or as a row of a table."""
    request = _locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    _check_other_person(actor, request)
    request.state = rules.after(RequestState(request.state), Move.APPROVE)
    request.approved_by_id, request.approved_at, request.refusal = actor.seat_id, at, None
    seat = Seat.objects.select_related("organization").get(pk=actor.seat_id)
    body = mapping.payload(request, mandate=mandate, approver=seat, at=at)
    request.token = signing.sign_jws(body, key=signer, at=at, typ=mapping.TYPE)
    request.save()
    _record(request, Move.APPROVE, actor)
    return request


def mandate_of(authority: directory.Organization) -> str:
    """The id of the mandate under which an agency registers. Raises MandateMissing (SG-D-01)."""
    found = client.mandates(authority.code)
    if not found:
        raise rules.MandateMissing
    return str(found[0].get("id", ""))


def send(request: CertificateRequest) -> CertificateRequest:
    """Hand an approved request to the authority and take its answer in. Safe to repeat.

    Raises AuthorityUnreachable, AuthorityAnswerWrong: the request stays approved and is sent again.
    A refusal is no error here: the request goes back to the registrar with the reason.
    """
    request = CertificateRequest.objects.get(pk=request.pk)
    if request.state != RequestState.APPROVED:
        return request
    if request.kind == RequestKind.RESTORE:  # unlocking a device asks nothing of the authority
        return _take_restored(request)
    try:
        answer = client.send(request.token)
    except rules.AuthorityRefused as refusal:
        return _take_refusal(request, refusal)
    if isinstance(answer, client.Issued):
        return _take_certificate(request, answer)
    return _take_status(request, answer)


@transaction.atomic
def deliver(actor: Actor, request: CertificateRequest, device_serial: str) -> CertificateRequest:
    """Hand the device over to its holder; its serial number is written down (SG 4.3)."""
    request = _locked(request)
    accounts.check(actor, "pki.register", request.at_authority)
    request.state = rules.after(RequestState(request.state), Move.DELIVER)
    request.device_serial = device_serial[:64]
    request.save(update_fields=["state", "device_serial"])
    _record(request, Move.DELIVER, actor, device_serial)
    return request


@transaction.atomic
def accept(
    actor: Actor, request: CertificateRequest, pin: str, *, at: datetime | None = None
) -> CertificateRequest:
    """Sign the handing-over slip with the new key, and use that key from now on (SG 4.3).

    Raises KeyPasswordWrong, KeyMissing; then the key in use stays the one before.
    """
    at = at or timezone.now()
    request = _locked(request)
    accounts.check(actor, "pki.accept", request)
    request.state = rules.after(RequestState(request.state), Move.ACCEPT)
    signer = _new_signer(request, pin)
    sha256 = request.issued.sha256 if request.issued else ""
    body = mapping.slip(request, sha256, at)
    request.slip = signing.sign_jws(body, key=signer, at=at, typ=mapping.SLIP_TYPE)
    request.accepted_at = at
    _supersede(request, at)
    install_key(
        mapping.KEY_KINDS[request.profile],
        signer,
        pin,
        organization_id=request.organization_id,
        person_id=request.person_id,
    )
    request.save()
    _record(request, Move.ACCEPT, actor)
    if request.kind == RequestKind.CHANGE and request.certificate:
        _propose_revocation(request)
    transaction.on_commit(lambda: keyfiles.forget_pending_key(_pending(request)))
    return request


@transaction.atomic
def report_loss(
    actor: Actor, certificate_id: int, *, ground: Ground, reason: str, at: datetime | None = None
) -> CertificateRequest:
    """Emergency hold by the holder: at once on this node, at the authority once a registrar, the
    second person, confirms; that must be within 24 hours (SG 4.1, SG-D-06).
    """
    at = at or timezone.now()
    wish = Wish(
        RequestKind.HOLD, certificate_id=certificate_id, ground=ground, reason=reason,
        invalidity_at=at,
    )  # fmt: skip
    request = submit(actor, enter(actor, wish), at=at)
    request.is_emergency = True
    request.due_at = request.second_by_at = at + rules.CONFIRM_HOLD_WITHIN
    request.save(update_fields=["is_emergency", "due_at", "second_by_at"])
    Certificate.objects.filter(pk=certificate_id, held_at=None).update(held_at=at)
    return request


@transaction.atomic
def ask_about(actor: Actor, certificate: Certificate, wish: Wish) -> CertificateRequest:
    """A registrar asks about a certificate of an agency below; another person approves."""
    accounts.check(actor, "pki.register")
    organization = directory.get(certificate.organization_id or 0)
    if organization.pk not in queries.subtree(directory.get(actor.organization_id)):
        raise rules.CertificateUnknownHere
    check_fit(certificate, wish.kind, at=timezone.now())
    request = CertificateRequest(
        organization=organization,
        authority=directory.get(actor.organization_id),
        kind=wish.kind,
        profile=SubjectKind(certificate.kind),
        person_id=certificate.person_id,
        subject=_subject_of_certificate(certificate),
        certificate=certificate,
        ground=wish.ground,
        reason=wish.reason[:500],
        invalidity_at=wish.invalidity_at if wish.ground in COMPROMISED else None,
        entered_by_id=actor.seat_id,
        confirmed_by_id=actor.seat_id if organization.pk != actor.organization_id else None,
    )
    _check_free(request)
    request.save()
    _record(request, "entered", actor)
    return submit(actor, request)


@transaction.atomic
def propose_revocation(
    certificate: Certificate, *, seat_id: int, ground: Ground, reason: str, at: datetime
) -> CertificateRequest | None:
    """A request to revoke, in the name of a registrar's seat, for another person to approve.

    Used when a personnel event makes a certificate unfit (SG 4.2). None when one is under way.
    """
    if queries.open_requests(certificate).filter(kind=RequestKind.REVOKE).exists():
        return None
    organization = directory.get(certificate.organization_id or 0)
    request = CertificateRequest(
        organization=organization,
        authority=queries.authority_of(organization),
        kind=RequestKind.REVOKE,
        profile=SubjectKind(certificate.kind),
        person_id=certificate.person_id,
        subject=_subject_of_certificate(certificate),
        certificate=certificate,
        ground=ground,
        reason=reason[:500],
        entered_by_id=seat_id,
        state=RequestState.SUBMITTED,
        submitted_at=at,
    )
    rule = deadlines.rule_for(CLOCK[RequestKind.REVOKE], at)
    request.due_at, request.target_at, request.basis = rule.due(at), rule.target(at), rule.basis
    request.save()
    _record(request, "proposed", None, reason)
    return request


# What the authority answers


@transaction.atomic
def _take_refusal(
    request: CertificateRequest, refusal: rules.AuthorityRefused
) -> CertificateRequest:
    request = _locked(request)
    request.state = rules.after(RequestState(request.state), Move.REFUSE)
    request.refusal = dict(refusal.facts)
    request.token = ""
    request.save(update_fields=["state", "refusal", "token"])
    _record(request, Move.REFUSE, None, str(refusal.facts.get("reason", "")))
    return request


@transaction.atomic
def _take_certificate(request: CertificateRequest, answer: client.Issued) -> CertificateRequest:
    request = _locked(request)
    state = rules.after(RequestState(request.state), Move.ISSUE)
    asked = x509.load_der_x509_csr(base64.b64decode(request.csr))
    if answer.certificate.public_key() != asked.public_key():
        raise rules.AuthorityAnswerWrong(detail="chứng thư không phải cho khóa đã đề nghị")
    request.issued = register_certificate(
        mapping.KEY_KINDS[request.profile],
        answer.certificate,
        organization_id=request.organization_id,
        person_id=request.person_id,
    )
    pem = (one.public_bytes(Encoding.PEM).decode("ascii") for one in answer.chain)
    request.chain = "".join(pem)
    request.log_proof = dict(answer.log)
    request.issued_at = timezone.now()
    request.state = state
    _record(request, Move.ISSUE, None, f"{request.issued.serial[:16]}…")
    if _is_made_here(request):  # nothing to carry to the holder: the key waits on this node
        request.state = rules.after(state, Move.DELIVER)
        _record(request, Move.DELIVER, None)
    request.save()
    return request


@transaction.atomic
def _take_status(request: CertificateRequest, answer: client.Changed) -> CertificateRequest:
    request = _locked(request)
    request.state = rules.after(RequestState(request.state), Move.EXECUTE)
    if request.certificate is None:
        raise rules.AuthorityAnswerWrong(detail="không có chứng thư nào được nói đến")
    if answer.status == "revoked":
        mark_revoked(request.certificate, at=answer.at)
    else:
        request.certificate.held_at = answer.at if answer.status == "on_hold" else None
        request.certificate.save(update_fields=["held_at"])
    request.issued_at = timezone.now()
    request.save()
    _record(request, Move.EXECUTE, None, answer.status)
    return request


@transaction.atomic
def _take_restored(request: CertificateRequest) -> CertificateRequest:
    request = _locked(request)
    request.state = rules.after(RequestState(request.state), Move.EXECUTE)
    request.issued_at = timezone.now()
    request.save(update_fields=["state", "issued_at"])
    _record(request, Move.EXECUTE, None)
    return request


# What the above is made of


def _locked(request: CertificateRequest) -> CertificateRequest:
    return (
        CertificateRequest.objects.select_for_update(of=("self",))
        .select_related("organization", "authority", "certificate", "issued", "entered_by")
        .get(pk=request.pk)
    )


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


def _subject_of_certificate(certificate: Certificate) -> dict[str, str]:
    organization = directory.get(certificate.organization_id or 0)
    if certificate.kind == KeyKind.AGENCY:
        return mapping.agency_subject(organization)
    if certificate.kind == KeyKind.SERVICE:
        return mapping.service_subject(organization)
    person = Person.objects.get(pk=certificate.person_id or 0)
    code = mapping.officer_code(organization, person.pk)
    return {
        "common_name": person.full_name,
        "organization": organization.name,
        "organization_code": organization.code,
        "serial": f"CB:VN-{code}",
    }


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


def _check_asks(actor: Actor, request: CertificateRequest) -> None:
    """One's own agency by the usual rule; a registrar also for the agencies below."""
    if request.organization_id == actor.organization_id:
        accounts.check(actor, "pki.request", request)
    else:
        accounts.check(actor, "pki.register", request.at_authority)


def _check_free(request: CertificateRequest) -> None:
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


def _check_whole(request: CertificateRequest) -> None:
    """Raise EvidenceMissing or KeyNotMade while something is missing from the file.

    For a row of a table the table itself, kept by its digest, is the paper.
    """
    is_new_person = request.kind == RequestKind.NEW and request.profile == SubjectKind.PERSON
    if is_new_person and request.table_id is None and not request.evidence.exists():
        raise rules.EvidenceMissing
    if request.kind in ISSUING and not request.csr:
        raise rules.KeyNotMade


def _check_other_person(actor: Actor, request: CertificateRequest) -> None:
    if policy.is_about(actor, request):
        raise rules.AboutOneself


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


def _pending(request: CertificateRequest) -> str:
    return f"pending/{request.pk}.pem"


def _is_made_here(request: CertificateRequest) -> bool:
    return (keyfiles.keys_directory() / _pending(request)).exists()


def _new_signer(request: CertificateRequest, pin: str) -> signing.KeySigner:
    if request.issued is None:
        raise rules.CertificateUnknownHere
    key = keyfiles.open_pending_key(_pending(request), pin)
    certificate = x509.load_pem_x509_certificate(request.issued.pem.encode("ascii"))
    chain = x509.load_pem_x509_certificates(request.chain.encode("ascii")) if request.chain else []
    return signing.KeySigner(key, certificate, chain)


def _supersede(request: CertificateRequest, at: datetime) -> None:
    """Mark the certificate whose place the new one takes; it stays valid for what it signed."""
    key = queries.current_key(
        mapping.KEY_KINDS[request.profile],
        person_id=request.person_id,
        organization_id=request.organization_id,
    )
    if key is not None and key.certificate_id != request.issued_id:
        Certificate.objects.filter(pk=key.certificate_id, superseded_at=None).update(
            superseded_at=at
        )


def _propose_revocation(request: CertificateRequest) -> None:
    """SG 4.1: the old certificate is revoked after the new one was taken over."""
    if request.certificate is not None:
        propose_revocation(
            request.certificate,
            seat_id=request.entered_by_id,
            ground=Ground.OTHER,
            reason="Thay đổi nội dung: đã có chứng thư mới.",
            at=timezone.now(),
        )


def _record(
    request: CertificateRequest, act: str, actor: Actor | None, detail: str = ""
) -> RequestStep:
    """Write the step with the request, and tell whoever wants to know, such as the journal."""
    seat_id = actor.seat_id if actor else None
    step = RequestStep.objects.create(
        request=request,
        organization=request.organization,
        authority=request.authority,
        act=str(act),
        seat_id=seat_id,
        detail=detail[:500],
        at=timezone.now(),
    )
    outbox.publish(
        RequestActed(
            organization_id=request.organization_id,
            request_id=request.pk,
            act=str(act),
            seat_id=seat_id,
            detail=detail[:500],
            at=step.at,
        )
    )
    return step
