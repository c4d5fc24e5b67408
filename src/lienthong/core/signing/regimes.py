"""Which legal texts were in force when a document was signed (SG-1): rules as dated data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Regime:
    """One legal text and the days, in Viet Nam, from and to which it is in force."""

    code: str
    legal_basis: str
    valid_from: date
    valid_to: date | None = None


REGIMES = (
    Regime("L05", "Luật Giao dịch điện tử 2005", date(2006, 3, 1), date(2024, 6, 30)),
    Regime("L23", "Luật 20/2023/QH15", date(2024, 7, 1)),
    Regime("D130", "Nghị định 130/2018/NĐ-CP", date(2018, 11, 15), date(2025, 4, 9)),
    Regime("D68", "Nghị định 68/2024/NĐ-CP", date(2024, 8, 15)),
    Regime("D23", "Nghị định 23/2025/NĐ-CP", date(2025, 4, 10)),
    Regime("C41", "Thông tư 41/2017/TT-BTTTT", date(2018, 2, 5), date(2026, 11, 14)),
    Regime("C15", "Thông tư 15/2025/TT-BKHCN", date(2025, 8, 15)),
)


def in_force(at: datetime) -> tuple[Regime, ...]:
    """The texts in force at a moment. Where two speak, the stricter one is applied (SG-1)."""
    day = at.astimezone(VIETNAM).date()
    return tuple(
        one
        for one in REGIMES
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
    )


def regime_text(at: datetime) -> str:
    """The texts in force at a moment as one line."""
    return "; ".join(one.legal_basis for one in in_force(at))
