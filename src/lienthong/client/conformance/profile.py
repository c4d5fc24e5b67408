"""As whom the self-test speaks: four test agencies, two at each door, with their keys."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lienthong.core import signing
from lienthong.core.errors import Problem

PARTIES = ("sender", "recipient", "kit_sender", "kit_recipient")


class ProfileInvalid(Problem):
    """The profile of a self-test cannot be read."""

    code = "conformance.profile_invalid"
    status = 422
    text = "Không đọc được hồ sơ kiểm thử {file}: {reason}"


@dataclass(frozen=True, slots=True)
class Party:
    """A test agency. `person` and `seal` sign its documents.

    At the native door `node_id`, `node` and `service` speak for it; at the client kit's `system_id`
    and `secret`.
    """

    code: str
    name: str
    person_name: str
    person: signing.DigestSigner
    seal: signing.DigestSigner
    node_id: str = ""
    node: signing.DigestSigner | None = None
    service: signing.DigestSigner | None = None
    system_id: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """The parties of a self-test, and the roots it trusts (with the log's key)."""

    trust: signing.Trust
    sender: Party
    recipient: Party
    kit_sender: Party
    kit_recipient: Party


def read_profile(file: Path) -> Profile:
    """Read a profile: TOML with `trust` (a folder), `password`, and a table for each party.

    Keys are PKCS#12 files; all paths are relative to the profile. Raises ProfileInvalid.
    """
    try:
        facts = tomllib.loads(file.read_text(encoding="utf-8"))
        password = str(facts["password"])
        parties = {name: _party(file.parent, facts[name], password) for name in PARTIES}
        trust = signing.Trust.from_directory(file.parent / str(facts["trust"]))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileInvalid(file=file.name, reason=str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ProfileInvalid(file=file.name, reason=f"thiếu hoặc sai {error}") from error
    except Problem as problem:
        raise ProfileInvalid(file=file.name, reason=problem.sentence) from problem
    return Profile(trust=trust, **parties)


def _party(folder: Path, facts: dict[str, Any], password: str) -> Party:
    def key(name: str) -> signing.KeySigner | None:
        if name not in facts:
            return None
        return signing.KeySigner.from_pkcs12((folder / facts[name]).read_bytes(), password)

    person, seal = key("person"), key("seal")
    if person is None or seal is None:
        raise KeyError("person, seal")
    return Party(
        code=facts["code"],
        name=facts["name"],
        person_name=facts["person_name"],
        person=person,
        seal=seal,
        node_id=facts.get("node_id", ""),
        node=key("node"),
        service=key("service"),
        system_id=facts.get("system_id", ""),
        secret=facts.get("secret", ""),
    )
