"""Reads of registration. Each starts from who may see the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.db.models import Q, QuerySet

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.pki.contract import ISSUING
from lienthong.apps.pki.models import Certificate, CertificateRequest, Key, RequestTable
from lienthong.apps.pki.registration import policy
from lienthong.apps.pki.registration.rules import (
    OPEN,
    RegistrarMissing,
    RegistrationNotFound,
    RequestState,
)
from lienthong.apps.pki.rules import KeyKind

# Emergency holds in force by one person alone (CertificateRequest.awaits_second, as a filter).
AWAITS_SECOND = Q(
    is_emergency=True,
    second_by=None,
    certificate__held_at__isnull=False,
    certificate__revoked_at=None,
)
WAITING_HERE = (RequestState.SUBMITTED, RequestState.VERIFIED, RequestState.APPROVED)


@dataclass(frozen=True, slots=True)
class Statistics:
    """How registration goes at one registering agency (SG 4.1, SG-D-05)."""

    open: int
    late: int
    issued: int
    within_deadline: int
    median_hours: float | None
    officers: int
    certified: int

    @property
    def share_within(self) -> int | None:
        """Percent of what was issued that was issued within the legal time; None without any."""
        return round(100 * self.within_deadline / self.issued) if self.issued else None

    @property
    def coverage(self) -> int | None:
        """Percent of officers with a certificate that is valid today."""
        return round(100 * self.certified / self.officers) if self.officers else None


def authority_of(organization: directory.Organization) -> directory.Organization:
    """The agency whose registrar decides: the nearest one, itself first. Raises RegistrarMissing.

    SG 4.4: registration is delegated to a ministry or a province for its subtree.
    """
    found: directory.Organization | None = organization
    while found is not None:
        if accounts.seats(found.pk, Role.REGISTRAR).exists():
            return found
        found = found.parent
    raise RegistrarMissing


def requests_seen_by(actor: Actor) -> QuerySet[CertificateRequest]:
    """The requests this actor sees, newest first."""
    return _with_people(CertificateRequest.objects.filter(policy.seen_by(actor)))


def request(actor: Actor, pk: UUID) -> CertificateRequest:
    """One of the requests this actor sees. Raises RegistrationNotFound."""
    found = requests_seen_by(actor).filter(pk=pk).first()
    if found is None:
        raise RegistrationNotFound
    return found


def worklist(actor: Actor) -> QuerySet[CertificateRequest]:
    """What came to this actor's agency as the registering one: the most pressing first."""
    found = CertificateRequest.objects.filter(authority_id=actor.organization_id)
    return _with_people(found.exclude(state=RequestState.DRAFT)).order_by(
        "-is_emergency", "due_at", "created_at"
    )


def waiting(actor: Actor) -> int:
    """How many requests wait for the registrars of this agency."""
    found = CertificateRequest.objects.filter(authority_id=actor.organization_id)
    to_do = Q(state__in=[RequestState.SUBMITTED, RequestState.VERIFIED])
    return found.filter(to_do | AWAITS_SECOND).count()


def my_requests(actor: Actor) -> QuerySet[CertificateRequest]:
    """The requests about this person, or entered by them."""
    found = CertificateRequest.objects.filter(organization_id=actor.organization_id)
    mine = Q(person_id=actor.person_id) | Q(entered_by__person_id=actor.person_id)
    return _with_people(found.filter(mine))


def to_accept(actor: Actor) -> int:
    """How many certificates wait to be taken over by this person."""
    return my_requests(actor).filter(state=RequestState.DELIVERED).count()


def my_certificates(actor: Actor) -> QuerySet[Certificate]:
    """The certificates of this person, the one in use first; old ones stay, to verify."""
    found = Certificate.objects.filter(kind=KeyKind.PERSON, person_id=actor.person_id)
    return found.select_related("key").order_by("-key__is_current", "-not_before")


def agency_certificates(actor: Actor) -> QuerySet[Certificate]:
    """The seals and services of this actor's agency, those in use first."""
    found = Certificate.objects.filter(
        kind__in=[KeyKind.AGENCY, KeyKind.SERVICE], organization_id=actor.organization_id
    )
    return found.select_related("key").order_by("-key__is_current", "kind", "-not_before")


def certificates_below(actor: Actor, text: str) -> QuerySet[Certificate]:
    """Certificates of this actor's agency and those below, with every word of `text` in the
    holder's or agency's name, however it is written, or at the start of the serial number.
    """
    below = subtree(directory.get(actor.organization_id))
    found = Certificate.objects.filter(
        kind__in=[KeyKind.PERSON, KeyKind.AGENCY, KeyKind.SERVICE], organization_id__in=below
    ).select_related("key", "organization", "person")
    for word in directory.plain(text).split():
        found = found.filter(
            Q(person__search_text__contains=word)
            | Q(organization__search_text__contains=word)
            | Q(serial__istartswith=word)
        )
    return found.order_by("subject", "-not_before")


def current_key(
    kind: KeyKind, *, person_id: int | None = None, organization_id: int | None = None
) -> Key | None:
    """The key in use of a person, else of an organization."""
    found = Key.objects.select_related("certificate").filter(kind=kind, is_current=True)
    if person_id is not None:
        return found.filter(person_id=person_id).first()
    return found.filter(organization_id=organization_id or 0).first()


def open_requests(certificate: Certificate) -> QuerySet[CertificateRequest]:
    """What is under way about a certificate."""
    return CertificateRequest.objects.filter(certificate=certificate, state__in=sorted(OPEN))


def tables(actor: Actor) -> QuerySet[RequestTable]:
    """The tables entered at this actor's agency."""
    return RequestTable.objects.filter(organization_id=actor.organization_id)


def subtree(organization: directory.Organization) -> list[int]:
    """The ids of an agency and of all below it."""
    found, level = [organization.pk], [organization.pk]
    while level:
        level = list(
            directory.all_active().filter(parent_id__in=level).values_list("pk", flat=True)
        )
        found += level
    return found


def statistics(actor: Actor, now: datetime, days: int = 30) -> Statistics:
    """How registration went at this actor's agency in the last `days` days."""
    mine = CertificateRequest.objects.filter(authority_id=actor.organization_id)
    done = mine.filter(
        kind__in=sorted(ISSUING), issued_at__gte=now - timedelta(days=days)
    ).values_list("submitted_at", "issued_at", "due_at")
    spans = [(start, end, due) for start, end, due in done if start and end]
    hours = [(end - start).total_seconds() / 3600 for start, end, _ in spans]
    officers, certified = _coverage(actor, now)
    waits = mine.filter(Q(state__in=[state.value for state in WAITING_HERE]) | AWAITS_SECOND)
    return Statistics(
        open=waits.count(),
        late=waits.filter(due_at__lt=now).count(),
        issued=len(spans),
        within_deadline=sum(1 for _, end, due in spans if due is None or end <= due),
        median_hours=round(median(hours), 1) if hours else None,
        officers=officers,
        certified=certified,
    )


def _coverage(actor: Actor, now: datetime) -> tuple[int, int]:
    """Officers of the subtree, and how many of them have a certificate valid at `now`."""
    people: set[int] = set()
    for organization_id in subtree(directory.get(actor.organization_id)):
        people |= set(accounts.seats(organization_id).values_list("person_id", flat=True))
    valid = Certificate.objects.filter(
        kind=KeyKind.PERSON,
        person_id__in=people,
        key__is_current=True,
        not_after__gt=now,
        revoked_at=None,
        held_at=None,
    )
    return len(people), valid.values("person_id").distinct().count()


def late(now: datetime) -> QuerySet[CertificateRequest]:
    """The requests whose legal time has passed and that are not done, the latest first."""
    undone = Q(state__in=sorted(OPEN)) | AWAITS_SECOND
    return _with_people(CertificateRequest.objects.filter(undone, due_at__lt=now)).order_by(
        "due_at"
    )


def seats_to_act(request: CertificateRequest) -> list[Seat]:
    """Whom a request waits for (policy.waits_for says it in words)."""
    registrars = accounts.seats(request.authority_id, Role.REGISTRAR)
    state = RequestState(request.state)
    if request.awaits_second:
        first = request.approved_by or request.entered_by
        return list(registrars.exclude(person_id=first.person_id))
    if state in {RequestState.DRAFT, RequestState.RETURNED}:
        return [request.entered_by]
    if state is RequestState.DELIVERED:
        return holders(request.organization_id, request.person_id)
    unconfirmed = request.needs_manager and request.confirmed_by_id is None
    if state is RequestState.SUBMITTED and unconfirmed:
        return list(accounts.seats(request.organization_id, Role.LEADER))
    return list(registrars) if request.is_open else []


def holders(organization_id: int, person_id: int | None) -> list[Seat]:
    """The seats of a certificate's holder there; of a seal or service, those of the clerks."""
    if person_id is None:
        return list(accounts.seats(organization_id, Role.CLERK))
    return list(accounts.seats(organization_id).filter(person_id=person_id))


def _with_people(found: QuerySet[CertificateRequest]) -> QuerySet[CertificateRequest]:
    return found.select_related(
        "organization",
        "authority",
        "person",
        "certificate",
        "issued",
        "entered_by__person",
        "entered_by__organization",
        "confirmed_by__person",
        "verified_by__person",
        "approved_by__person",
        "second_by__person",
    )
