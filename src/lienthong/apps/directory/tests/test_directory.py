"""Organizations are found by any code on any day, in any spelling, and follow one another."""

from __future__ import annotations

import itertools
import unicodedata
from datetime import date

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.directory import api, rules
from lienthong.apps.directory.models import OrganizationCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def nghe_an() -> api.Organization:
    return api.register(
        name="Ủy ban nhân dân tỉnh Nghệ An",
        short_name="UBND tỉnh Nghệ An",
        kind=api.Kind.PROVINCE,
        codes={api.Scheme.QCVN102: "000.00.00.H41", api.Scheme.QD20: "H41"},
    )


@pytest.fixture
def dong_nai() -> api.Organization:
    return api.register(
        name="Ủy ban nhân dân tỉnh Đồng Nai",
        kind=api.Kind.PROVINCE,
        codes={api.Scheme.QCVN102: "000.00.00.H19", api.Scheme.QD20: "H19"},
    )


def test_codes_of_both_schemes_find_one_organization(nghe_an: api.Organization) -> None:
    assert api.find("000.00.00.H41") == api.find("H41") == nghe_an
    assert (nghe_an.code, nghe_an.code102) == ("H41", "000.00.00.H41")
    assert api.find("H99") is None


def test_a_code_is_found_on_the_days_it_was_held(nghe_an: api.Organization) -> None:
    api.give_code(nghe_an, scheme=api.Scheme.QD20, value="H41.MOI", valid_from=date(2026, 7, 1))

    assert api.find("H41", on=date(2026, 6, 30)) == nghe_an
    assert api.find("H41", on=date(2026, 7, 1)) is None
    assert api.find("H41.MOI", on=date(2026, 6, 30)) is None
    assert api.find("H41.MOI", on=date(2026, 7, 1)) == nghe_an
    assert nghe_an.codes_on(date(2026, 6, 30))[api.Scheme.QD20] == "H41"


def test_a_code_given_up_may_be_given_to_another_later(
    nghe_an: api.Organization, dong_nai: api.Organization
) -> None:
    api.give_code(nghe_an, scheme=api.Scheme.QD20, value="H41.A", valid_from=date(2024, 1, 1))
    api.give_code(dong_nai, scheme=api.Scheme.QD20, value="H41", valid_from=date(2025, 1, 1))

    assert api.find("H41", on=date(2023, 5, 5)) == nghe_an
    assert api.find("H41", on=date(2025, 5, 5)) == dong_nai


def test_two_organizations_never_hold_one_code_on_one_day(
    nghe_an: api.Organization, dong_nai: api.Organization
) -> None:
    with pytest.raises(api.CodeTaken):
        api.give_code(dong_nai, scheme=api.Scheme.QD20, value="H41")
    with pytest.raises(IntegrityError), transaction.atomic():
        OrganizationCode.objects.create(
            organization=dong_nai,
            scheme=api.Scheme.LOCAL,
            value="H41",
            valid_from=date(2030, 1, 1),
        )


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        (api.Scheme.QCVN102, "H41"),
        (api.Scheme.QCVN102, "000.00.00.h41"),
        (api.Scheme.QD20, "vxp.saas.03"),
        (api.Scheme.QD20, "H41..03"),
        (api.Scheme.QD20, "H" * 36),
        (api.Scheme.LOCAL, "có dấu"),
    ],
)
def test_a_code_out_of_its_scheme_is_refused(scheme: api.Scheme, value: str) -> None:
    with pytest.raises(api.CodeInvalid):
        api.register(name="Cơ quan thử", codes={scheme: value})


def test_a_successor_takes_over_from_its_day_on(
    nghe_an: api.Organization, dong_nai: api.Organization
) -> None:
    new = api.register(name="Ủy ban nhân dân tỉnh Mới", codes={api.Scheme.QD20: "H77"})
    for old in (nghe_an, dong_nai):
        api.succeed(
            predecessor=old, successor=new, effective_on=date(2025, 7, 1), basis="Nghị quyết 202"
        )
    api.succeed(
        predecessor=old, successor=new, effective_on=date(2025, 7, 1), basis="Nghị quyết 202"
    )

    assert api.find("H41", on=date(2025, 6, 30)) == nghe_an
    assert api.find("H41", on=date(2025, 7, 1)) is None
    assert api.successors(nghe_an, on=date(2025, 6, 30)) == [nghe_an]
    assert api.successors(nghe_an, on=date(2025, 7, 1)) == [new]
    assert list(api.all_active()) == [new]


def test_successions_are_followed_to_the_last(nghe_an: api.Organization) -> None:
    names = ("Cơ quan hai", "Cơ quan ba")
    chain = [nghe_an, *(api.register(name=name, codes={}) for name in names)]
    for year, (old, new) in enumerate(itertools.pairwise(chain), start=2020):
        api.succeed(
            predecessor=old, successor=new, effective_on=date(year, 1, 1), basis="Quyết định"
        )

    assert api.successors(nghe_an, on=date(2020, 6, 1)) == [chain[1]]
    assert api.successors(nghe_an, on=date(2022, 1, 1)) == [chain[2]]


def test_a_locked_organization_says_so_in_the_snapshot(nghe_an: api.Organization) -> None:
    api.lock(nghe_an)

    [entry] = api.snapshot()
    assert entry.locked
    assert entry.codes == {"H41", "000.00.00.H41"}

    api.unlock(nghe_an)
    assert not api.snapshot()[0].locked
    assert not api.get(nghe_an.pk).locked


@pytest.mark.parametrize(
    "text", ["nghe an", "NGHỆ AN", "Nghệ  An", "ubnd nghe", "tinh nghe", "h41", "000.00.00.H41"]
)
def test_search_does_not_mind_accents_case_or_spaces(
    text: str, nghe_an: api.Organization, dong_nai: api.Organization
) -> None:
    assert api.search(text) == [nghe_an]


@pytest.mark.parametrize("text", ["dong nai", "đồng nai", "ĐỒNG NAI", "Đong nai"])
def test_search_takes_d_for_d_with_stroke(
    text: str, nghe_an: api.Organization, dong_nai: api.Organization
) -> None:
    assert api.search(text) == [dong_nai]


def test_percent_and_underscore_are_letters_in_search(nghe_an: api.Organization) -> None:
    assert api.search("%") == []
    assert api.search("_") == []


def test_a_decomposed_name_is_stored_composed() -> None:
    name = unicodedata.normalize("NFD", "Bộ Tài nguyên và Môi trường")

    made = api.register(name=name, codes={})

    assert api.get(made.pk).name == "Bộ Tài nguyên và Môi trường"
    assert api.search(unicodedata.normalize("NFD", "Tài nguyên")) == [made]


def test_names_sort_as_in_a_vietnamese_dictionary() -> None:
    wanted = ["Ba Vì", "Bà Rịa", "Bá Thước", "Ban", "Băn", "Bân", "Cà Mau", "Dĩ An", "Đà Nẵng"]
    for name in reversed(wanted):
        api.register(name=name, codes={})

    assert [found.name for found in api.all_active()] == wanted


@given(st.text(max_size=40))
def test_sort_key_and_search_text_do_not_depend_on_composition(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)

    assert rules.sort_key(decomposed) == rules.sort_key(unicodedata.normalize("NFC", text))
    assert rules.plain(decomposed) == rules.plain(unicodedata.normalize("NFC", text))


def test_unknown_organizations_are_a_problem() -> None:
    with pytest.raises(api.OrganizationUnknown):
        api.get(10**9)


def test_the_extensions_of_the_search_are_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT unaccent('Đồng Nai')")
        assert cursor.fetchone() == ("Dong Nai",)


def test_units_stand_in_vietnamese_order(nghe_an: api.Organization) -> None:
    for name in ("Văn phòng", "Đảng ủy", "Ban Tổ chức", "Cục Số hóa"):
        api.add_unit(organization=nghe_an, name=name)

    assert [unit.name for unit in api.units(nghe_an.pk)] == [
        "Ban Tổ chức",
        "Cục Số hóa",
        "Đảng ủy",
        "Văn phòng",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_never_outlives_its_rows() -> None:
    """Emptied tables that are filled again as often give the rows of now, not those of before."""
    seen = []
    for name in ("Sở Thứ nhất", "Sở Thứ hai"):
        organization = api.register(
            name=name, kind=api.Kind.OTHER, codes={api.Scheme.QD20: "H98.1"}
        )
        seen.append([each.name for each in api.snapshot()])
        assert api.find("H98.1") == organization
        call_command("flush", interactive=False, verbosity=0)
        assert api.snapshot() == ()

    assert seen == [["Sở Thứ nhất"], ["Sở Thứ hai"]]
