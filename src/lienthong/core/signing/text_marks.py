"""The words beside an agency's signature that has no picture (SG-A-03, SG-A-05, SG-A-06)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class CopyKind(StrEnum):
    """Hình thức sao of an electronic copy (DX-59)."""

    TRUE_COPY = "sao_y"
    COPY_OF_COPY = "sao_luc"
    EXTRACT = "trich_sao"

    @property
    def label(self) -> str:
        return {"sao_y": "SAO Y", "sao_luc": "SAO LỤC", "trich_sao": "TRÍCH SAO"}[self.value]


def shown_time(at: datetime) -> str:
    """The signing time as a mark shows it: "2026-11-21T09:30:00+07:00" (SG-A-06).

    at: aware. A signature dictionary has whole seconds, so the mark has no more.
    """
    return at.astimezone(_VIETNAM).isoformat(timespec="seconds")


def annex_lines(reference: str, at: datetime) -> tuple[str, str]:
    """What stands on an annex in a file of its own: number and notation, signing time (SG-A-03)."""
    return reference, shown_time(at)


def copy_lines(kind: CopyKind, agency: str, at: datetime) -> tuple[str, str, str]:
    """What stands on an electronic copy: form of copy, agency, signing time (SG-A-05)."""
    return kind.label, agency, shown_time(at)
