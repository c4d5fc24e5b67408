"""What each step of the seed enters. Every function may be called again: what exists stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.documents import api as documents
from lienthong.apps.evidence import api as evidence
from lienthong.apps.exchange.hub import api as hub
from lienthong.apps.pki import api as pki
from lienthong.core import tlog
from lienthong.core.signing.authority import make_ec_key
from lienthong.run.demo import country as countries
from lienthong.run.demo import test_parties
from lienthong.run.demo.country import Agency, Country, Human, NodePlan

SEATED_FROM = date(2025, 7, 1)


def authorities(office: Path) -> None:
    """The two roots, their sub-authorities, fresh revocation lists; the axis's log key."""
    folder = office / "pki"
    pki.make_national_pki(
        folder,
        at=datetime.now(UTC),
        base_url=settings.PKI_PUBLIC_URL or pki.BASE_URL,
        names_responder=False,  # it answers only while the demonstration runs
    )
    pki.make_log_key(folder)
    _publish_keys(folder)
    pki.install_trust(folder / "trust")
    pki.keep_authority(folder)
    pki.renew_crls(at=datetime.now(UTC))


def node(office: Path) -> None:
    """The whole directory; this node's people, seats and keys; the trust it starts with."""
    country = countries.load()
    plan = country.node(settings.NODE_NAME)
    secrets = json.loads((office / "accounts.json").read_text(encoding="utf-8"))
    pki.install_trust(office / "pki" / "trust")
    with accounts.everywhere():
        organizations = _organizations(country)
        for human in country.people_of(plan):
            _person(human, organizations, secrets["people"][human.key], office / "pki")
        _keys(plan, organizations, secrets["seals"], office / "pki")
        _letters(plan, country, organizations)
    _publish_keys(office / "pki")
    if plan.kind == "agency":
        _tell_axis(plan, country, office)
        _watch_axis()


def participants(office: Path) -> None:
    """At the axis: which node speaks for which agencies, and with which certificate."""
    for file in sorted((office / "participants").glob("*.json")):
        facts = json.loads(file.read_text(encoding="utf-8"))
        hub.register_node(facts["node_id"], facts["name"], facts["certificate"], facts["codes"])
        evidence.add_witness(facts["witness_key"], f"{facts['url']}/v1/witness")
        evidence.watch(facts["journal_key"], f"{facts['url']}/v1/logs/journal")
    pki.install_trust(office / "pki" / "trust")


def office(folder: Path) -> None:
    """At the authority: what was issued becomes rows; the ministry's registrar gets a mandate."""
    country = countries.load()
    secrets = json.loads((folder / "accounts.json").read_text(encoding="utf-8"))["people"]
    now = datetime.now(UTC)
    pki.keep_register(at=now)
    officers = [human for human in country.people if human.seats[0].role == CERTIFICATE_OFFICER]
    registrars = [human for human in country.people if human.seats[0].role == REGISTRAR]
    first, second = (_actor(human) for human in officers[:2])
    for human in registrars:
        code = country.agency(human.seats[0].organization).code
        if pki.mandates_in_force(frozenset({code}), now):
            continue
        terms = pki.usual_terms(code, human.full_name, at=now)
        proposed = pki.propose_mandate(first, terms, at=now)
        signer = pki.person_signer(second.person_id, secrets[officers[1].key]["pin"])
        pki.approve_mandate(second, proposed, signer, at=datetime.now(UTC))


AXIS = "truc"
CERTIFICATE_OFFICER, REGISTRAR = "cert_officer", "registrar"


def _actor(human: Human) -> accounts.Actor:
    person = accounts.Person.objects.get(username=human.key)
    return accounts.actor_in(accounts.Seat.objects.get(person=person))


STEPS: Mapping[str, Callable[[Path], None]] = {
    "authorities": authorities,
    "node": node,
    "participants": participants,
    "office": office,
    "test_parties": test_parties.make,
}


def _organizations(country: Country) -> dict[str, directory.Organization]:
    found: dict[str, directory.Organization] = {}
    for agency in country.agencies:
        known = directory.find(agency.code)
        found[agency.key] = known or _register(agency, found.get(agency.parent))
    return found


@transaction.atomic
def _register(agency: Agency, parent: directory.Organization | None) -> directory.Organization:
    organization = directory.register(
        name=agency.name,
        short_name=agency.short_name,
        kind=agency.kind,
        parent=parent,
        place=agency.place,
        email=agency.email,
        codes=agency.codes,
    )
    for unit in agency.units:
        directory.add_unit(organization=organization, name=unit["name"], code=unit["code"])
    return organization


def _person(
    human: Human,
    organizations: Mapping[str, directory.Organization],
    secret: Mapping[str, str],
    office: Path,
) -> None:
    person = accounts.Person.objects.filter(username=human.key).first()
    if person is None:
        person = accounts.Person.objects.create_person(
            username=human.key, password=secret["password"], full_name=human.full_name
        )
    for seat in human.seats:
        organization = organizations[seat.organization]
        units = {unit.code: unit for unit in directory.units(organization.pk)}
        held, _ = accounts.Seat.objects.get_or_create(
            person=person,
            organization=organization,
            role=accounts.Role(seat.role),
            defaults={
                "unit": units.get(seat.unit),
                "position": seat.position,
                "competence": seat.competence,
                "valid_from": SEATED_FROM,
            },
        )
        signs = held.role in countries.SIGNING_ROLES
        if signs and not pki.has_key(
            pki.KeyKind.PERSON, person_id=person.pk, organization_id=organization.pk
        ):
            pki.issue_person(
                office,
                person_id=person.pk,
                organization_id=organization.pk,
                position=held.position,
                unit=held.unit.name if held.unit else "",
                pin=secret["pin"],
                at=datetime.now(UTC),
                # Leaders sign documents that every reader opens; the others sign for the authority.
                key=None if held.role == accounts.Role.LEADER else make_ec_key(),
            )


def _keys(
    plan: NodePlan,
    organizations: Mapping[str, directory.Organization],
    seals: Mapping[str, str],
    office: Path,
) -> None:
    now = datetime.now(UTC)
    if not pki.has_key(pki.KeyKind.NODE):
        pki.issue_node(office, at=now)
    if plan.kind == "axis" and not pki.has_key(pki.KeyKind.RECEIPT):
        pki.issue_receipt(office, at=now)
    for key in plan.organizations:
        holder = organizations[key].pk
        if not pki.has_key(pki.KeyKind.SERVICE, organization_id=holder):
            pki.issue_service(office, organization_id=holder, at=now)
        if plan.kind == "agency" and not pki.has_key(pki.KeyKind.AGENCY, organization_id=holder):
            pki.issue_agency(office, organization_id=holder, pin=seals[key], at=now)


def _letters(
    plan: NodePlan, country: Country, organizations: Mapping[str, directory.Organization]
) -> None:
    """The drafts that lie on this node's desks, made by the people who write them."""
    for letter in country.letters:
        if letter.organization not in plan.organizations:
            continue
        home = organizations[letter.organization]
        if documents.OutgoingDocument.objects.filter(
            organization=home, subject=letter.subject
        ).exists():
            continue
        seats = {seat.person.username: seat for seat in accounts.seats(home.pk)}
        drafter = accounts.actor_in(seats[letter.drafter])
        draft = documents.draft_from_form(
            drafter,
            type_code=letter.type_code,
            subject=letter.subject,
            urgency=letter.urgency,
            recipients=[organizations[key].pk for key in letter.recipients],
            form={"addressee": "", "body": letter.body, "places": [], "bases": []},
            signatory_seat_id=seats[letter.signatory].pk,
            reviewer_seat_id=seats[letter.reviewer].pk,
        )
        if letter.submitted:
            documents.submit_for_review(drafter, draft)


def _publish_keys(authorities: Path) -> None:
    """Let everybody know the keys of this node's journal and of the node as a witness."""
    name = settings.NODE_NAME
    keys = {"witness": evidence.own_key(), "journal": evidence.source("journal").key()}
    pki.publish_keys(
        authorities,
        {evidence.trust_label(kind, name): key.public_key for kind, key in keys.items()},
    )


def _watch_axis() -> None:
    """The node of an agency witnesses the log of the axis, and the axis its journal."""
    origin = evidence.log_origin(AXIS, "exchange")
    key = tlog.VerifierKey(origin, tlog.LOG_KIND, pki.trust().keys["log"])
    evidence.watch(str(key), f"{settings.HUB_URL}/v1/log")
    label = evidence.trust_label("witness", AXIS)
    witness = tlog.VerifierKey(
        evidence.witness_name(AXIS), tlog.WITNESS_KIND, pki.trust().keys[label]
    )
    evidence.add_witness(str(witness), f"{settings.HUB_URL}/v1/witness")


def _tell_axis(plan: NodePlan, country: Country, office: Path) -> None:
    """What a new node hands to the axis's operator: its name, its certificate, its agencies."""
    certificate = pki.node_signer().certificate.public_bytes(Encoding.PEM).decode("ascii")
    facts: dict[str, Any] = {
        "node_id": pki.node_key_id(),
        "name": plan.title,
        "certificate": certificate,
        "codes": [country.agency(key).code for key in plan.organizations],
        "url": settings.EVIDENCE_URL,
        "witness_key": str(evidence.own_key()),
        "journal_key": str(evidence.source("journal").key()),
    }
    file = office / "participants" / f"{plan.name}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
