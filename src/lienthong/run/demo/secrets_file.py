"""Passwords and PINs of the demonstration: made at the first start, kept in one private file."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from lienthong.run.demo.country import Country
from lienthong.run.demo.journey import Account

_SYLLABLES = [
    "an",
    "binh",
    "cat",
    "dao",
    "em",
    "gio",
    "ha",
    "khe",
    "lam",
    "mai",
    "nam",
    "oanh",
    "phong",
    "que",
    "rung",
    "sen",
    "tam",
    "uyen",
    "vang",
    "xuan",
    "yen",
    "bien",
    "cau",
    "dua",
    "ech",
    "gach",
    "hoa",
    "keo",
    "lua",
    "may",
    "nui",
    "ong",
    "pho",
    "quat",
    "ron",
    "song",
    "tre",
    "ua",
    "vuon",
    "xom",
]


def make_password() -> str:
    """Four syllables and four digits: 16 characters and more, easy to type from a list."""
    words = "-".join(secrets.choice(_SYLLABLES) for _ in range(4))
    return f"{words}-{secrets.randbelow(10_000):04d}"


def make_pin() -> str:
    """Six digits, as a key device would ask for."""
    return f"{secrets.randbelow(1_000_000):06d}"


def accounts(file: Path, country: Country) -> dict[str, Account]:
    """Return everybody's account by user name; what is missing is made and kept in `file`."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    seals = known.setdefault("seals", {})
    people = known.setdefault("people", {})
    for agency in country.agencies:
        seals.setdefault(agency.key, make_pin())
    for human in country.people:
        entry = people.setdefault(human.key, {"password": make_password()})
        if human.signs:
            entry.setdefault("pin", make_pin())
    _keep(file, known)
    return {
        human.key: Account(
            username=human.key,
            password=people[human.key]["password"],
            full_name=human.full_name,
            pin=people[human.key].get("pin", ""),
            seal_pin=next(
                (seals[seat.organization] for seat in human.seats if seat.role == "clerk"), ""
            ),
        )
        for human in country.people
    }


def _keep(file: Path, known: dict[str, object]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump(known, opened, ensure_ascii=False, indent=1)
