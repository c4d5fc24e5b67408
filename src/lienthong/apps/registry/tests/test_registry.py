"""The registry: changes with numbers that a node can check, kept when the axis is away."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date

import httpx
import pytest

from lienthong.apps.directory import api as directory
from lienthong.apps.registry import api, rules, taking
from lienthong.apps.registry.models import Change, Entry, PaperRule, SignedHead
from lienthong.core.tests.pki_fixture import test_pki

G99, H99 = "G99", "H99"


@pytest.fixture
def ministry(db: None) -> directory.Organization:
    return directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: G99})


def publish() -> int:
    return api.publish(test_pki().receipt())


class Axis:
    """What the axis tells, kept to be told again after its rows are gone."""

    def __init__(self) -> None:
        self.token = api.head().token
        self.told = {after: api.told(after) for after in range(api.head().sequence + 1)}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/head"):
            return httpx.Response(200, json={"head": self.token})
        return httpx.Response(200, content=self.told[int(request.url.params["after"])])


@pytest.fixture
def elsewhere(two_changes: directory.Organization) -> Axis:
    """The axis as it was, and a node without rows of its own."""
    axis = Axis()
    forget()
    return axis


def forget() -> None:
    for model in (Change, Entry, SignedHead):
        model.objects.all().delete()


def take(axis: Axis) -> int:
    return api.take("http://axis.example", test_pki().trust, httpx.MockTransport(axis.answer))


def bodies() -> list[dict[str, object]]:
    return [json.loads(body) for body in api.entries()]


def test_every_change_gets_the_next_number_and_the_head_is_signed(
    ministry: directory.Organization,
) -> None:
    assert publish() == 1
    assert publish() == 0

    directory.lock(ministry)
    directory.register(name="UBND tỉnh Minh Họa", codes={directory.Scheme.QD20: H99})

    assert publish() == 2
    assert [each.sequence for each in api.changes(1)] == [2, 3]
    assert [entry["locked"] for entry in bodies()] == [True, False]
    assert api.head().sequence == 3


def test_an_entry_has_codes_with_days_keys_and_successors(
    ministry: directory.Organization,
) -> None:
    heir = directory.register(name="Bộ Kế thừa", codes={directory.Scheme.QD20: H99})
    api.tell_node("bo", "PEM", [G99])
    publish()
    directory.succeed(
        predecessor=ministry, successor=heir, effective_on=date(2025, 3, 1), basis="NQ 176"
    )
    publish()

    entry = next(each for each in bodies() if each["name"] == "Bộ Thử nghiệm")
    assert entry["node"] == {"id": "bo", "certificate": "PEM"}
    assert entry["active"] is False
    assert entry["codes"] == [
        {"scheme": "QD20", "value": G99, "valid_from": "2015-01-01", "valid_to": "2025-03-01"}
    ]
    assert entry["successors"] == [
        {"successor": str(heir.pk), "effective_on": "2025-03-01", "basis": "NQ 176"}
    ]


def test_a_node_that_speaks_for_fewer_agencies_is_told_so(
    ministry: directory.Organization,
) -> None:
    api.tell_node("bo", "PEM", [G99])
    publish()
    api.tell_node("bo", "PEM", [])

    assert publish() == 1
    assert "node" not in bodies()[0]


@pytest.fixture
def two_changes(ministry: directory.Organization) -> directory.Organization:
    publish()
    directory.lock(ministry)
    publish()
    return ministry


def test_a_node_takes_the_changes_and_keeps_them(elsewhere: Axis) -> None:
    assert take(elsewhere) == 2
    assert take(elsewhere) == 0
    assert bodies()[0]["locked"] is True

    away = httpx.MockTransport(lambda _: httpx.Response(503))
    taking.take_quietly("http://axis.example", away)
    assert len(bodies()) == 1
    assert "HTTPStatusError" in SignedHead.objects.get().problem


@pytest.mark.parametrize(
    "tamper",
    [
        lambda axis: axis.told.update({0: axis.told[0].replace(b"Th", b"TH")}),
        lambda axis: axis.told.update({0: axis.told[1]}),
        lambda axis: axis.told.update({0: b'{"changes": []}'}),
        lambda axis: setattr(axis, "token", axis.token[:-4] + "AAAA"),
    ],
    ids=["edited", "one left out", "nothing told", "signature"],
)
def test_what_the_axis_did_not_sign_is_not_taken(
    elsewhere: Axis, tamper: Callable[[Axis], None]
) -> None:
    tamper(elsewhere)

    with pytest.raises(rules.RegistryInvalid):
        take(elsewhere)
    assert (Change.objects.count(), Entry.objects.count()) == (0, 0)


def test_an_older_registry_is_not_taken_again(elsewhere: Axis) -> None:
    take(elsewhere)
    SignedHead.objects.update(sequence=9)

    with pytest.raises(rules.RegistryInvalid):
        take(elsewhere)


def test_paper_lists_hold_on_their_days_and_for_their_senders(db: None) -> None:
    day = date(2026, 3, 2)
    assert api.paper_types(frozenset({G99}), day) is None
    api.allow_paper(api.Paper.WITH, 3, basis="QĐ 1", valid_from=date(2026, 1, 1))
    api.allow_paper(api.Paper.WITH, 4, basis="QĐ 2", valid_from=date(2026, 1, 1), agency_code=G99)
    api.allow_paper(api.Paper.WITHOUT, 3, basis="VPCP", valid_from=date(2026, 3, 1))
    rule = PaperRule.objects.get(type_code=4)

    assert api.paper_types(frozenset({H99}), date(2026, 2, 1)) == frozenset({3})
    assert api.paper_types(frozenset({G99}), day) == frozenset({4})
    api.end_paper(rule.pk, date(2026, 3, 2))
    assert api.paper_types(frozenset({G99}), day) == frozenset()
    assert api.paper_lists()(frozenset({G99}), date(2025, 1, 1)) is None


def test_ministries_and_provinces_of_2025_have_their_successors(db: None) -> None:
    for number, name in enumerate(
        (
            "Bộ Tài chính",
            "Bộ Kế hoạch và Đầu tư",
            "Ủy ban nhân dân tỉnh Lào Cai",
            "Ủy ban nhân dân tỉnh Yên Bái",
        )
    ):
        directory.register(name=name, codes={directory.Scheme.QD20: f"X{number:02}"})

    count, missing = api.load_successions()

    assert count == 2
    assert len(missing) == 6 + 7 + 29 + 23 - 4
    yen_bai = directory.search("bo ke hoach")
    assert yen_bai == []
    old = directory.find("X01", date(2025, 2, 28))
    assert old is not None
    assert [each.name for each in directory.successors(old)] == ["Bộ Tài chính"]
    assert directory.successors(old, date(2025, 2, 28)) == [old]


def agencies(count: int) -> Iterator[directory.NewOrganization]:
    """A country of that many agencies: provinces, departments, communes."""
    for number in range(count):
        province, rest = divmod(number, 3000)
        yield directory.NewOrganization(
            name=f"Ủy ban nhân dân xã Bình Hòa {rest} tỉnh số {province}",
            kind=directory.Kind.COMMUNE if rest else directory.Kind.PROVINCE,
            codes={directory.Scheme.QD20: f"Z{province}.{rest}" if rest else f"Z{province}"},
            parent_code=f"Z{province}" if rest else "",
        )


@pytest.mark.parametrize(
    "count", [6_000, pytest.param(120_000, marks=pytest.mark.whole)], ids=["short", "whole"]
)
def test_a_country_of_agencies_is_loaded_listed_and_told(
    db: None, count: int, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    if count > 6000 and "whole" not in str(request.config.getoption("markexpr")):
        pytest.skip("120 000 agencies: pytest -m whole")
    began = time.monotonic()
    loaded = directory.load(agencies(count))
    taken = time.monotonic() - began
    listed = directory.snapshot()
    seconds = time.monotonic() - began
    told = publish()

    assert (loaded, len(listed), told) == (count, count, count)
    assert {each.code for each in listed} >= {"Z0", "Z1.2999"}
    assert [each.name for each in directory.search("xa binh hoa 17 tinh so 1")]
    with capsys.disabled():
        sys.stdout.write(
            f"\nregistry: {count} agencies loaded in {taken:.1f} s, with listing {seconds:.1f} s,"
            f" published at {time.monotonic() - began:.1f} s\n"
        )


def test_a_bulk_load_is_whole_or_not_at_all(ministry: directory.Organization) -> None:
    with pytest.raises(directory.CodeTaken):
        directory.load(
            directory.NewOrganization(
                name=code, kind=directory.Kind.OTHER, codes={directory.Scheme.QD20: code}
            )
            for code in ("A1", G99)
        )

    assert directory.find("A1") is None
