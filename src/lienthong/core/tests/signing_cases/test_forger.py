"""The forger makes sound signatures when nothing is bent: else the cases would prove nothing."""

from __future__ import annotations

import pytest

from lienthong.core.signing import Indication
from lienthong.core.tests.signing_cases import forger, judge


def test_an_unbent_cms_is_accepted() -> None:
    judge.accepted(forger.in_document(forger.forge))

    assert judge.packet(forger.forge).indication is Indication.PASSED


@pytest.mark.parametrize("xref_stream", [False, True])
def test_an_unbent_document_is_accepted(xref_stream: bool) -> None:
    report = judge.accepted(forger.both(forger.document(xref_stream=xref_stream)))

    assert [one.field for one in report.signatures] == ["NguoiKy", "CoQuan"]
