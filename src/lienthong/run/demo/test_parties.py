"""Four test agencies at the axis, two at each door, for `lienthong conformance run`.

Their keys and the profile that names them are written to DIRECTORY/conformance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.hub import api as hub
from lienthong.apps.exchange.hub.kit import systems
from lienthong.apps.pki import ceremony, keyfiles
from lienthong.core.signing import KeySigner
from lienthong.core.signing.authority import Profile, Subject, make_ec_key

AGENCIES: Mapping[str, str] = {
    "sender": "G91",
    "recipient": "G92",
    "kit_sender": "G93",
    "kit_recipient": "G94",
}
PEOPLE: Mapping[str, Profile] = {"person": Profile.PERSON, "seal": Profile.AGENCY}
MACHINES: Mapping[str, Profile] = {"node": Profile.NODE, "service": Profile.SERVICE}
PERSON_NAME = "Người Kiểm Thử"


def make(office: Path) -> None:
    """Register the agencies and write their profile, once."""
    folder = office / "conformance"
    file = folder / "profile.toml"
    if file.exists():
        return
    password = keyfiles.new_password()
    lines = [f'trust = "../trust"\npassword = "{password}"\n']
    for party, code in AGENCIES.items():
        by_kit = party.startswith("kit_")
        organization = directory.register(
            name=f"Cơ quan kiểm thử {code}",
            kind=directory.Kind.OTHER,
            codes={directory.Scheme.QD20: code},
            place="Hà Nội",
        )
        facts = {"code": code, "name": organization.name, "person_name": PERSON_NAME}
        for use, profile in (PEOPLE if by_kit else {**PEOPLE, **MACHINES}).items():
            signer = _signer(office / "pki", profile, organization)
            facts[use] = f"{party}-{use}.p12"
            keyfiles.write_secret(folder / facts[use], signer.to_pkcs12(password))
            if profile is Profile.NODE:
                facts["node_id"] = f"kiem-thu-{code.lower()}"
                pem = signer.certificate.public_bytes(Encoding.PEM).decode("ascii")
                hub.register_node(facts["node_id"], organization.name, pem, [code])
        if by_kit:
            facts["system_id"] = f"kiem.thu.{code.lower()}"
            made = systems.register(facts["system_id"], organization.name, [code])
            facts["secret"] = made.secret
        rows = (
            f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()
        )
        lines.append(f"[{party}]\n" + "\n".join(rows) + "\n")
    keyfiles.write_secret(file, "\n".join(lines).encode())


def _signer(authorities: Path, profile: Profile, organization: directory.Organization) -> KeySigner:
    key = make_ec_key()
    subject = Subject(
        PERSON_NAME if profile is Profile.PERSON else organization.name,
        organization=organization.name,
        organization_code=organization.code,
        title="Thủ trưởng" if profile is Profile.PERSON else "",
        serial=f"CB:VN-{organization.code}-1" if profile is Profile.PERSON else "",
        place=organization.place,
        uri=f"urn:lienthong:{profile}:{organization.code}" if profile in MACHINES.values() else "",
    )
    name = ceremony.PEOPLE if profile in PEOPLE.values() else ceremony.SERVICES
    at = datetime.now(UTC) - ceremony.BACKDATED
    certificate, chain = ceremony.issue(
        authorities, name, profile, subject, key.public_key(), at=at
    )
    return KeySigner(key, certificate, chain)
