"""Who may do what to a request, and which requests each person sees.

The subject's agency owns a request; the registering agency decides on it. An act of the latter is
asked about `request.at_authority`.
"""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.pki.contract import SubjectKind
from lienthong.apps.pki.registration.models import AtAuthority, CertificateRequest
from lienthong.apps.pki.registration.rules import ABOUT_CERTIFICATE, Move


@accounts.rule("pki.request")
def may_request(actor: Actor, request: CertificateRequest | None) -> bool:
    """Ask for oneself; the clerk for the seal and services; a registrar for anybody there."""
    if request is None:
        return True
    if Role.REGISTRAR in actor.roles:
        return True
    if request.profile == SubjectKind.PERSON:
        return request.person_id == actor.person_id
    return bool(actor.roles & {Role.CLERK, Role.LEADER})


@accounts.rule("pki.confirm")
def may_confirm(actor: Actor, request: CertificateRequest) -> bool:
    """The leader of the direct managing agency, not about themselves (SG 4.2)."""
    return Role.LEADER in actor.roles and request.person_id != actor.person_id


@accounts.rule("pki.register")
def may_register(actor: Actor, found: AtAuthority | None) -> bool:
    """The registrar of the registering agency."""
    return Role.REGISTRAR in actor.roles


@accounts.rule("pki.accept")
def may_accept(actor: Actor, request: CertificateRequest) -> bool:
    """The holder alone takes the certificate over; for a seal or service, the clerk."""
    if request.profile == SubjectKind.PERSON:
        return request.person_id == actor.person_id
    return Role.CLERK in actor.roles


def is_about(actor: Actor, request: CertificateRequest) -> bool:
    """Whether the person entered the request or is its subject: then another decides (SG 4.3)."""
    return actor.person_id in {request.person_id, request.entered_by.person_id}


def may_be_second(actor: Actor, request: CertificateRequest) -> bool:
    """Whether the person may stand by a hold that another registrar made alone (SG 4.1)."""
    first = request.approved_by
    if first is None or not request.token or not request.awaits_second:
        return False
    return actor.person_id not in {request.person_id, first.person_id}


def waits_for(request: CertificateRequest) -> str:
    """Who has to act now, in words; empty when it is over."""
    if request.awaits_second:
        return _("người thứ hai xác nhận tạm dừng")
    if request.state == "submitted" and request.needs_manager and request.confirmed_by_id is None:
        return _("lãnh đạo cơ quan quản lý xác nhận")
    return {
        "draft": _("người lập gửi"),
        "returned": _("người lập bổ sung"),
        "submitted": _("cán bộ đăng ký kiểm tra hồ sơ"),
        "verified": _("cán bộ đăng ký ký duyệt"),
        "approved": _("tổ chức cấp chứng thư trả lời"),
        "issued": _("cán bộ đăng ký giao thiết bị"),
        "delivered": _("người được cấp nhận"),
    }.get(request.state, "")


def seen_by(actor: Actor) -> Q:
    """The requests this actor sees, as a filter."""
    own = Q(person_id=actor.person_id) | Q(entered_by_id=actor.seat_id)
    if actor.roles & {Role.CLERK, Role.LEADER}:
        own |= ~Q(profile=SubjectKind.PERSON)
    if Role.LEADER in actor.roles:
        own |= ~Q(state="draft")
    seen = Q(organization_id=actor.organization_id) & own
    if Role.REGISTRAR in actor.roles:
        seen |= Q(authority_id=actor.organization_id) & ~Q(state="draft")
    return seen


def available_moves(actor: Actor, request: CertificateRequest) -> list[Move]:
    """What this person may do with the request now, in the order a page offers it."""
    return [move for move, is_open in _moves(actor, request).items() if is_open]


def _moves(actor: Actor, request: CertificateRequest) -> dict[Move, bool]:
    state = request.state
    registers = accounts.can(actor, "pki.register", request.at_authority)
    asks = accounts.can(actor, "pki.request", request)
    confirmed = not request.needs_manager or request.confirmed_by_id is not None
    return {
        Move.SUBMIT: asks and state in {"draft", "returned"},
        Move.CONFIRM: (
            state == "submitted" and not confirmed and accounts.can(actor, "pki.confirm", request)
        ),
        Move.VERIFY: registers and state == "submitted" and confirmed,
        Move.APPROVE: registers and state == "verified" and not is_about(actor, request),
        Move.RETURN: registers and state in {"submitted", "verified"},
        Move.DELIVER: registers and state == "issued",
        Move.ACCEPT: state == "delivered" and accounts.can(actor, "pki.accept", request),
        Move.SECOND: registers and may_be_second(actor, request),
        Move.WITHDRAW: asks and state in {"draft", "submitted", "returned"},
    }


def may_make_key(actor: Actor, request: CertificateRequest) -> bool:
    """The holder makes the key where it was chosen to be, while the request is not handed in."""
    waits = request.issues and not request.csr and request.state in {"draft", "returned"}
    return waits and accounts.can(actor, "pki.accept", request)


def is_about_certificate(request: CertificateRequest) -> bool:
    """Whether the request speaks of a certificate that exists already."""
    return request.kind in ABOUT_CERTIFICATE
