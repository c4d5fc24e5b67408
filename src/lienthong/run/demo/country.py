"""The demonstration country as data: nodes, agencies, people. The file is `country.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

SIGNING_ROLES = ("leader", "registrar", "cert_officer", "archivist")
COUNTRY_FILE = Path(__file__).with_name("country.toml")


@dataclass(frozen=True)
class Agency:
    """An organization of the country; `codes` maps a code scheme to a code."""

    key: str
    name: str
    short_name: str
    kind: str
    place: str
    email: str
    codes: dict[str, str]
    parent: str = ""
    units: tuple[dict[str, str], ...] = ()

    @property
    def code(self) -> str:
        """The code of Decision 20/2020, used for routing."""
        return self.codes["QD20"]


@dataclass(frozen=True)
class Seat:
    """What one person is at one agency."""

    organization: str
    role: str
    position: str
    unit: str = ""
    competence: str = ""


@dataclass(frozen=True)
class Human:
    """A person who can sign in; `key` is the user name."""

    key: str
    full_name: str
    seats: tuple[Seat, ...]

    @property
    def signs(self) -> bool:
        """Leaders, registrars and certificate officers have a signing key; others ask for one."""
        return any(seat.role in SIGNING_ROLES for seat in self.seats)


@dataclass(frozen=True)
class Letter:
    """A draft that lies on a desk; `submitted` ones wait for the reviewer."""

    organization: str
    drafter: str
    reviewer: str
    signatory: str
    recipients: tuple[str, ...]
    type_code: int
    subject: str
    urgency: int
    submitted: bool
    body: str


@dataclass(frozen=True)
class NodePlan:
    """One installation: which agencies it serves and on which ports."""

    name: str
    kind: Literal["axis", "agency"]
    title: str
    organizations: tuple[str, ...]
    web_port: int
    hub_port: int = 0
    access_point_port: int = 0
    trust_port: int = 0


@dataclass(frozen=True)
class Country:
    """Everything in `country.toml`."""

    nodes: tuple[NodePlan, ...]
    agencies: tuple[Agency, ...]
    people: tuple[Human, ...]
    letters: tuple[Letter, ...]

    def node(self, name: str) -> NodePlan:
        return next(node for node in self.nodes if node.name == name)

    def agency(self, key: str) -> Agency:
        return next(agency for agency in self.agencies if agency.key == key)

    def people_of(self, node: NodePlan) -> tuple[Human, ...]:
        """The people who have a seat at an agency of this node."""
        served = set(node.organizations)
        return tuple(
            human
            for human in self.people
            if any(seat.organization in served for seat in human.seats)
        )


def load(path: Path = COUNTRY_FILE) -> Country:
    """Read the country. Raises KeyError or TypeError when the file lacks a field."""
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Country(
        nodes=tuple(
            NodePlan(**{**node, "organizations": tuple(node["organizations"])})
            for node in data["nodes"]
        ),
        agencies=tuple(
            Agency(**{**agency, "units": tuple(agency.get("units", ()))})
            for agency in data["organizations"]
        ),
        people=tuple(
            Human(
                key=human["key"],
                full_name=human["full_name"],
                seats=tuple(Seat(**seat) for seat in human["seats"]),
            )
            for human in data["people"]
        ),
        letters=tuple(
            Letter(**{**letter, "recipients": tuple(letter["recipients"])})
            for letter in data["documents"]
        ),
    )
