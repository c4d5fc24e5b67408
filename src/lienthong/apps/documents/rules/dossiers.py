"""States of a work file and of its hand-over, and what must be right before it is closed.

No rows are read or written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lienthong.core.errors import Problem

TITLE_MAX, CODE_MAX, NOTE_MAX = 500, 20, 500


class DossierMoveNotAllowed(Problem):
    """The file cannot make this move from the state it is in."""

    code = "documents.dossier_move_not_allowed"
    status = 409
    text = "Hồ sơ đang ở trạng thái “{state}” nên không thực hiện được thao tác “{move}”."


class DossierState(TextChoices):
    """Where a work file is."""

    PROPOSED = "proposed", _("Chờ duyệt mở")
    OPEN = "open", _("Đang mở")
    CLOSED = "closed", _("Đã kết thúc")
    HANDED_OVER = "handed_over", _("Đã nộp lưu")


class DossierMove(TextChoices):
    """What can happen to a work file."""

    APPROVE = "approve", _("Duyệt mở hồ sơ")
    FILL = "fill", _("Thêm, bớt, xếp văn bản")
    EDIT = "edit", _("Sửa thông tin hồ sơ")
    CLOSE = "close", _("Kết thúc hồ sơ")
    REOPEN = "reopen", _("Mở lại hồ sơ")
    KEEP_LONGER = "keep_longer", _("Giữ lại thêm")
    HAND_OVER = "hand_over", _("Nộp lưu")


class DossierKind(TextChoices):
    """Which hand-over clock runs (D30 Art. 30)."""

    ORDINARY = "ordinary", _("Hồ sơ thường")
    CONSTRUCTION = "construction", _("Xây dựng cơ bản")


class Access(TextChoices):
    """Chế độ sử dụng: who may read the file beside its keeper."""

    NORMAL = "normal", _("Sử dụng trong cơ quan")
    RESTRICTED = "restricted", _("Hạn chế")


class ListState(TextChoices):
    """The yearly list of files."""

    DRAFT = "draft", _("Đang lập")
    ISSUED = "issued", _("Đã ban hành")


class HandOverKind(TextChoices):
    """To whom files are handed over."""

    ARCHIVE = "archive", _("Nộp lưu trữ cơ quan")
    SUCCESSOR = "successor", _("Bàn giao cho người kế nhiệm")


class HandOverState(TextChoices):
    """Who has signed the record of a hand-over."""

    PREPARED = "prepared", _("Chờ bên giao ký")
    GIVEN = "given", _("Chờ bên nhận ký")
    TAKEN = "taken", _("Đã bàn giao")
    RETURNED = "returned", _("Bị trả lại")


S, M = DossierState, DossierMove
NEXT: Mapping[tuple[DossierState, DossierMove], DossierState] = {
    (S.PROPOSED, M.APPROVE): S.OPEN,
    # Work does not wait for the approval: what ends meanwhile is filed.
    (S.PROPOSED, M.FILL): S.PROPOSED,
    (S.PROPOSED, M.EDIT): S.PROPOSED,
    (S.OPEN, M.FILL): S.OPEN,
    (S.OPEN, M.EDIT): S.OPEN,
    (S.OPEN, M.CLOSE): S.CLOSED,
    (S.CLOSED, M.REOPEN): S.OPEN,
    (S.CLOSED, M.KEEP_LONGER): S.CLOSED,
    (S.CLOSED, M.HAND_OVER): S.HANDED_OVER,
}


def after(state: DossierState, move: DossierMove) -> DossierState:
    """Return the state that `move` leads to. Raises DossierMoveNotAllowed."""
    try:
        return NEXT[state, move]
    except KeyError:
        raise DossierMoveNotAllowed(state=str(state.label), move=str(move.label)) from None


@dataclass(frozen=True, slots=True)
class Content:
    """One document of a file as the closing check sees it.

    reference: "" for a paper that has none. settled: whether its work is over. replied: False when
    it asked for an answer and the file has none. has_file: whether its text is at hand.
    """

    name: str
    reference: str
    on: date | None
    pages: int
    sha256: str
    is_draft: bool = False
    is_settled: bool = True
    has_number: bool = True


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a file cannot be closed yet. is_grave: closing must wait; else it is a warning."""

    text: str
    document: str = ""
    is_grave: bool = True


def objections(
    *, code: str, title: str, retention: str, contents: Iterable[Content]
) -> list[Objection]:
    """What stands against closing, the grave first (DX-77).

    Grave: nothing in it, no code, title or retention, drafts, open work, a document without its
    number or date. Warnings: the same file twice, a document without pages or text.
    """
    found = [
        Objection(text)
        for text, value in (
            (gettext("Hồ sơ chưa có số, ký hiệu."), code),
            (gettext("Hồ sơ chưa có tiêu đề."), title),
            (gettext("Hồ sơ chưa có thời hạn bảo quản."), retention),
        )
        if not value.strip()
    ]
    listed = list(contents)
    if not listed:
        found.append(Objection(gettext("Hồ sơ chưa có văn bản nào.")))
    seen: dict[str, str] = {}
    for one in listed:
        found += _objections_to(one)
        if one.sha256 and one.sha256 in seen:
            text = gettext("Trùng nội dung với %(other)s.") % {"other": seen[one.sha256]}
            found.append(Objection(text, one.name, is_grave=False))
        seen.setdefault(one.sha256, one.name)
    return sorted(found, key=lambda one: not one.is_grave)


def _objections_to(one: Content) -> Iterable[Objection]:
    if one.is_draft:
        yield Objection(gettext("Còn là dự thảo: phát hành, hoặc bỏ ra khỏi hồ sơ."), one.name)
        return
    if not one.is_settled:
        yield Objection(gettext("Việc chưa xong."), one.name)
    if not one.has_number or one.on is None:
        yield Objection(gettext("Thiếu số hoặc ngày văn bản."), one.name)
    if not one.sha256:
        yield Objection(gettext("Không có tệp văn bản."), one.name, is_grave=False)
    elif not one.pages:
        yield Objection(gettext("Chưa có số trang."), one.name, is_grave=False)
