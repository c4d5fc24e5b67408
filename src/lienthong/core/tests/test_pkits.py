"""The public test suite of path validation, PKITS: no FAILURE case is accepted (SG 13)."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import pytest
from cryptography import x509

from lienthong.core.signing import path
from lienthong.core.signing.revocation import Revocations
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.x509_files import read_pieces

DATA = files("lienthong.core.tests").joinpath("data", "pkits")
CASES: list[dict[str, Any]] = json.loads(DATA.joinpath("cases.json").read_text("utf-8"))
AT = datetime(2012, 6, 1, tzinfo=UTC)
POLICIES = "2.16.840.1.101.3.2.1.48"

# A key whose parameters are in its issuer's certificate: cryptography does not read it.
INHERITED = "ValidDSAParameterInheritanceTest5"


@cache
def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(DATA.joinpath("pkits.zip").read_bytes()))


@cache
def _certificates(name: str) -> tuple[x509.Certificate, ...]:
    return read_pieces(_archive().read(f"certs/{name}.crt")).certificates


@cache
def _lists(name: str) -> tuple[x509.CertificateRevocationList, ...]:
    return read_pieces(_archive().read(f"crls/{name}.crl")).crls


def _validate(case: dict[str, Any]) -> path.PathResult:
    return path.validate(
        _certificates(case["leaf"])[0],
        trust=Trust(_certificates("TrustAnchorRootCertificate")),
        at=AT,
        extra=[one for name in case["certificates"] for one in _certificates(name)],
        revocations=Revocations(
            [one for name in case["lists"] for one in _lists(name)], any_strength=True
        ),
        rules=path.PathRules(
            policies=frozenset(f"{POLICIES}.{arc}" for arc in case.get("policies", ())),
            explicit_policy=case.get("explicit", False),
            inhibit_any=case.get("inhibit_any", False),
            inhibit_mapping=case.get("inhibit_mapping", False),
            any_strength=True,
        ),
    )


@pytest.mark.parametrize(
    "case", [each for each in CASES if each["name"] != INHERITED], ids=lambda each: each["name"]
)
def test_the_answer_is_that_of_the_suite(case: dict[str, Any]) -> None:
    found = _validate(case)

    assert (found.trouble is None) is case["valid"], found.trouble_text


def test_a_key_with_inherited_parameters_is_not_read() -> None:
    case = next(each for each in CASES if each["name"] == INHERITED)

    assert _certificates(case["leaf"]) == ()


ANY_TWO_LISTS = [each for each in CASES if each["valid"] and len(each["lists"]) == 2][:20]


@pytest.mark.parametrize("case", ANY_TWO_LISTS, ids=lambda each: each["name"])
def test_without_one_of_its_lists_no_path_is_valid(case: dict[str, Any]) -> None:  # R43
    choices: list[list[str]] = [[], case["lists"][:1], case["lists"][1:]]
    for lists in choices:
        assert _validate({**case, "lists": lists}).trouble is path.Trouble.NO_STATUS


def test_all_cases_are_there() -> None:
    assert len(CASES) == 247
    assert len({each["name"] for each in CASES}) == len(CASES)
