"""Identifiers are read, written and refused as the specifications say (edXML §2, ID-6, ID-7)."""

from __future__ import annotations

import unicodedata
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.identifiers import (
    CodeInvalid,
    DocumentId,
    DocumentIdInvalid,
    PersonalId,
    PersonalIdDoubt,
    PersonalIdInvalid,
    Scheme,
    Sex,
    birth_places,
    check_code,
    scheme_of,
)

VECTORS = yaml.safe_load(
    files("lienthong.core.tests").joinpath("data/public-services-vectors.yaml").read_text("utf-8")
)


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        ("000.00.00.G22", Scheme.QCVN102),
        ("000.00.13.H53", Scheme.QCVN102),
        ("001.00.20.TT2", Scheme.QCVN102),
        ("000.00.00.H41", Scheme.QCVN102),
        ("H37", Scheme.QD20),
        ("H37.DN.001", Scheme.QD20),
        ("H49.64.33", Scheme.QD20),
        ("28.22.H17", Scheme.QD20),
        ("020123456789", Scheme.QD20),
        ("X" * 35, Scheme.QD20),
        ("vxp.saas.03", Scheme.LOCAL),
    ],
)
def test_a_code_tells_its_scheme(value: str, scheme: Scheme) -> None:
    assert scheme_of(value) is scheme
    check_code(value, scheme)


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "H37.",
        ".H37",
        "H37..01",
        "H37 ",
        "H37\n",
        "H３７",
        "Đ37",
        "X" * 36,
        "H37,01",
        "a b",
    ],
)
def test_what_is_no_code_is_refused(value: str) -> None:
    with pytest.raises(CodeInvalid):
        scheme_of(value)
    for scheme in Scheme:
        with pytest.raises(CodeInvalid):
            check_code(value, scheme)


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        ("00.00.00.G22", Scheme.QCVN102),
        ("000.00.00.g22", Scheme.QCVN102),
        ("000.00.00.122", Scheme.QCVN102),
        ("h37.dn", Scheme.QD20),
    ],
)
def test_a_code_of_another_scheme_is_refused(value: str, scheme: Scheme) -> None:
    with pytest.raises(CodeInvalid) as refusal:
        check_code(value, scheme)
    assert refusal.value.facts == {"value": value, "scheme": scheme.value}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "000.00.00.G22,2015/09/30,7816/VPCP-TTĐT",
            DocumentId("000.00.00.G22", date(2015, 9, 30), "7816", "VPCP-TTĐT"),
        ),
        (
            "000.00.00.G99,2025/03/03,125/BTN-CNTT",
            DocumentId("000.00.00.G99", date(2025, 3, 3), "125", "BTN-CNTT"),
        ),
        (
            "H53.13,2026/01/05,01/2026/TT-BTN,CNTT",
            DocumentId("H53.13", date(2026, 1, 5), "01", "2026/TT-BTN,CNTT"),
        ),
    ],
)
def test_a_document_id_is_read_and_written(text: str, expected: DocumentId) -> None:
    found = DocumentId.parse(text)

    assert found == expected
    assert str(found) == text
    assert (found.year, found.reference) == (expected.issued_on.year, text.split(",", 2)[2])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "000.00.00.G22",
        "000.00.00.G22,2015/09/30",
        "000.00.00.G22,2015/09/30,7816",
        "000.00.00.G22,2015/09/30,/VPCP",
        "000.00.00.G22,2015/09/30,7816/",
        "000.00.00.G22,2015/09/30,A16/VPCP",
        "000.00.00.G22,2015/09/30,7816/VPCP TTĐT",
        "000.00.00.G22,2015/09/30,7816/VPCP\x00",
        "000.00.00.G22,2015/02/30,7816/VPCP",
        "000.00.00.G22,2015-09-30,7816/VPCP",
        "000.00.00.G22,2015/9/30,7816/VPCP",
        "000.00.00.G22,0000/01/01,7816/VPCP",
        "không phải,2015/09/30,7816/VPCP",
        "8b9c1f30-2c3b-4c9c-9a63-2a8e0d5a1b11",
        "000.00.00.G22,2015,12",
        "000.00.00.G22,2015/09/30,7816/" + "X" * 80,
    ],
)
def test_what_is_no_document_id_is_refused(text: str) -> None:
    with pytest.raises(DocumentIdInvalid):
        DocumentId.parse(text)


def test_two_spellings_of_one_letter_are_one_document() -> None:
    composed = DocumentId.parse("H53,2026/01/05,1/QĐ-ỦY")
    decomposed = DocumentId.parse("H53,2026/01/05,1/QĐ-\u0055\u0309Y")

    assert decomposed == composed


@given(
    st.from_regex(r"[A-Z0-9]{1,5}(\.[A-Z0-9]{1,5}){0,3}", fullmatch=True),
    st.dates(),
    st.from_regex(r"[0-9]{1,6}[a-z]?", fullmatch=True),
    st.from_regex(r"[A-ZĐ]{1,10}([-/,][A-ZĐ0-9]{1,8}){0,2}", fullmatch=True),
)
def test_every_document_id_returns(agency: str, on: date, number: str, notation: str) -> None:
    document_id = DocumentId(agency, on, number, notation)

    assert DocumentId.parse(str(document_id)) == document_id


@given(st.from_regex(r".{1,8},[0-9]{4}/[0-9]{2}/[0-9]{2},[0-9]+/.{1,12}", fullmatch=True))
def test_a_text_of_the_right_shape_returns_or_is_refused(text: str) -> None:
    try:
        found = DocumentId.parse(text)
    except DocumentIdInvalid:
        return
    assert str(found) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("vector", VECTORS["personal_id"], ids=lambda vector: vector["value"])
def test_the_vectors_of_the_personal_id_come_out(vector: dict[str, Any]) -> None:
    if not vector["valid"]:
        with pytest.raises(PersonalIdInvalid) as refusal:
            PersonalId.parse(vector["value"])
        assert refusal.value.facts == {"reason": vector["error"]}
        return
    declared = vector.get("declared_sex")

    person = PersonalId.parse(vector["value"])
    doubts = person.doubts(today=date(2026, 3, 2), sex=Sex(declared) if declared else None)

    assert person.place == vector["place"]
    assert person.sex == vector["sex"]
    assert person.birth_year == vector["birth_year"]
    assert doubts == ((vector["warn"],) if "warn" in vector else ())


def test_a_declared_year_that_differs_is_a_doubt() -> None:
    person = PersonalId.parse("001085000001")

    assert person.doubts(today=date(2026, 3, 2), birth_year=1985) == ()
    assert person.doubts(today=date(2026, 3, 2), birth_year=1986) == (
        PersonalIdDoubt.BIRTH_YEAR_MISMATCH,
    )


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_a_personal_id_does_not_slip_into_text(digits: str) -> None:
    person = PersonalId.parse(digits)

    assert str(person) == person.masked == f"{digits[:3]}*******{digits[-2:]}"
    assert digits not in f"{person} {person!r} {[person]}"
    assert 1900 <= person.birth_year <= 2399


@given(st.text(max_size=14))
def test_other_texts_are_no_personal_id_and_not_repeated(text: str) -> None:
    with pytest.raises(PersonalIdInvalid) as refusal:
        PersonalId.parse(text + "x")
    assert set(refusal.value.facts) == {"reason"}


def test_the_provinces_have_their_codes() -> None:
    assert len(birth_places()) == 63
    assert PersonalId.parse("079303012345").place_name == "Thành phố Hồ Chí Minh"
    assert PersonalId.parse("999085000001").place_name is None
