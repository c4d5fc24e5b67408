"""The operator's pages about systems that connect by the client kit."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.hub.kit import systems, vault
from lienthong.apps.exchange.hub.models import AgencyProposal, Node
from lienthong.apps.pki import api as pki
from lienthong.core import edxml

from .test_pages import _static_directory, axis, operator, shown  # noqa: F401  fixtures

ENTERED = {
    "system_id": "qlvb.g99",
    "name": "Phần mềm của Bộ",
    "agencies": "G99",
    "profile": "compat",
}


@pytest.fixture(autouse=True)
def ministry(db: None) -> directory.Organization:
    return directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G99"})


def secret_on(page: str, system_id: str) -> str | None:
    """The secret that opens the stored one, if it stands on the page."""
    system = Node.objects.get(pk=system_id)
    secret = vault.unseal(pki.kit_key(), system_id, bytes(system.sealed_secret))
    return secret if secret and secret in page else None


def test_a_new_system_is_entered_and_its_secret_shown_once(operator: Client) -> None:  # noqa: F811
    answer = operator.post("/truc/he-thong/moi", ENTERED)
    page = unescape(answer.content.decode())

    assert secret_on(page, "qlvb.g99")
    assert "no-store" in answer["Cache-Control"]
    assert secret_on(shown(operator, "/truc/he-thong/qlvb.g99"), "qlvb.g99") is None
    assert "Phần mềm của Bộ" in shown(operator, "/truc/he-thong/")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"agencies": "K00"}, "Không có trong danh bạ: K00"),
        ({"system_id": "x y"}, "Chỉ gồm chữ không dấu"),
        ({"profile": "none"}, "none"),
        ({"name": ""}, "lt-error"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_kept(
    operator: Client,  # noqa: F811
    change: dict[str, str],
    words: str,
) -> None:
    answer = operator.post("/truc/he-thong/moi", ENTERED | change)

    assert answer.status_code == 422
    assert words in unescape(answer.content.decode())
    assert not Node.objects.exists()


def test_a_system_id_and_an_agency_are_given_once(operator: Client) -> None:  # noqa: F811
    operator.post("/truc/he-thong/moi", ENTERED)

    same_id = operator.post("/truc/he-thong/moi", ENTERED)
    same_agency = operator.post("/truc/he-thong/moi", ENTERED | {"system_id": "khac.g99"})

    assert same_id.status_code == 409
    assert same_agency.status_code == 409
    assert Node.objects.count() == 1


def test_a_system_is_changed_locked_and_given_a_new_secret(operator: Client) -> None:  # noqa: F811
    first = systems.register("qlvb.g99", "Phần mềm", ["G99"]).secret

    changed = operator.post(
        "/truc/he-thong/qlvb.g99",
        {"name": "Tên mới", "agencies": "G99", "profile": "strict", "fresh_time": "on"},
    )
    renewed = operator.post("/truc/he-thong/qlvb.g99/khoa-moi")

    system = Node.objects.get(pk="qlvb.g99")
    assert changed.status_code == 302
    assert (system.name, system.profile, system.fresh_time, system.active) == (
        "Tên mới",
        edxml.Profile.STRICT,
        True,
        False,
    )
    assert secret_on(renewed.content.decode(), "qlvb.g99") not in {None, first}


def test_a_proposal_is_decided_once(operator: Client) -> None:  # noqa: F811
    system = systems.register("qlvb.g99", "Phần mềm", ["G99"]).system
    proposal = AgencyProposal.objects.create(
        node=system, kind="register", agency_code="G99.5", facts={"name": "Cục Mẫu"}
    )

    listed = shown(operator, "/truc/he-thong/")
    done = operator.post(f"/truc/he-thong/de-nghi/{proposal.pk}", {"decision": "approve"})
    again = operator.post(f"/truc/he-thong/de-nghi/{proposal.pk}", {"decision": "refuse"})
    unknown = operator.post("/truc/he-thong/de-nghi/99999", {"decision": "refuse"})

    assert "Cục Mẫu" in listed
    assert done.status_code == 302
    assert again.status_code == 409
    assert unknown.status_code == 404
    assert directory.find("G99.5") is not None
