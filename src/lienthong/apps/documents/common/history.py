"""The history of a document, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from lienthong.apps.documents.models import Document, OutgoingDocument, StatusEntry, StatusReport
from lienthong.apps.journal import api as journal


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a document's history. `kind` is the journal's act, or "status.01" and so on."""

    at: datetime
    text: str
    who: str
    detail: str
    kind: str


def _act_texts() -> Mapping[str, str]:
    """What an act is called where a person reads it."""
    return {
        "documents.drafted": _("Soạn dự thảo"),
        "documents.draft_changed": _("Sửa dự thảo"),
        "documents.commented": _("Ý kiến về dự thảo"),
        "documents.submitted": _("Trình duyệt"),
        "documents.approved": _("Duyệt nội dung"),
        "documents.form_approved": _("Duyệt thể thức, chuyển trình ký"),
        "documents.returned": _("Trả lại người soạn thảo"),
        "documents.signed": _("Cấp số và ký số"),
        "documents.sealed": _("Ký số của cơ quan (đóng dấu)"),
        "documents.copied": _("Làm bản sao điện tử"),
        "documents.stamped": _("Bổ sung dấu thời gian"),
        "documents.evidence_kept": _("Thu thập hồ sơ chứng cứ"),
        "documents.dispatched": _("Phát hành, chuyển vào hàng đợi gửi"),
        "documents.recalled": _("Yêu cầu thu hồi"),
        "documents.recall_refused": _("Trục liên thông từ chối yêu cầu thu hồi"),
        "documents.receipted": _("Trục liên thông xác nhận đã nhận gói tin"),
        "documents.dispatch_refused": _("Trục liên thông từ chối gói tin"),
        "documents.status_received": _("Nhận trạng thái"),
        "documents.arrived": _("Văn bản đến, đã kiểm tra chữ ký số"),
        "documents.registered": _("Tiếp nhận, vào sổ văn bản đến"),
        "documents.refused": _("Từ chối tiếp nhận"),
        "documents.assigned": _("Phân công xử lý"),
        "documents.started": _("Bắt đầu xử lý"),
        "documents.finished": _("Hoàn thành, lập hồ sơ"),
        "documents.paper_registered": _("Số hóa bản giấy, vào sổ văn bản đến"),
        "documents.submitted_to_leader": _("Trình lãnh đạo"),
        "documents.taken_back": _("Rút lại phân công"),
        "documents.handed_over": _("Giao người khác xử lý"),
        "documents.progress_noted": _("Ghi tiến độ"),
        "documents.opinion_asked": _("Xin ý kiến phối hợp"),
        "documents.opinion_given": _("Cho ý kiến phối hợp"),
        "documents.extension_asked": _("Xin gia hạn"),
        "documents.extension_decided": _("Quyết định gia hạn"),
        "documents.reply_linked": _("Gắn văn bản trả lời"),
        "documents.reply_dispatched": _("Văn bản trả lời đã phát hành"),
        "documents.forwarded": _("Chuyển xuống cơ quan trực thuộc"),
        "documents.handed_down": _("Cơ quan cấp trên chuyển xuống"),
        "documents.reopened": _("Mở lại việc đã hoàn thành"),
        "documents.recall_asked": _("Cơ quan gửi yêu cầu thu hồi"),
        "documents.recall_agreed": _("Đồng ý thu hồi, hủy văn bản đến"),
        "documents.recall_declined": _("Từ chối thu hồi"),
        "documents.handed_on": _("Bàn giao cho người khác"),
        "documents.status_refused": _("Trục liên thông từ chối gói trạng thái"),
    }


journal.name_acts(_act_texts)


def _who(entry: journal.Entry) -> str:
    """Who did it; what was done for another says for whom."""
    instead_of = entry.facts.get("stands_in_for")
    if not instead_of:
        return entry.actor_name
    return _("{person} (thay {other})").format(person=entry.actor_name, other=instead_of)


def act_text(act: str) -> str:
    """What an act is called where a person reads it."""
    return _act_texts().get(act, act)


def timeline(document: Document) -> list[Event]:
    """Return the history of a document, oldest first: acts, and statuses sent or received."""
    events = [
        Event(
            at=entry.at,
            text=act_text(entry.act),
            who=_who(entry),
            detail=_detail(entry.act, entry.facts),
            kind=entry.act,
        )
        for entry in journal.history(document.journal_subject)
        if entry.act != "documents.status_received"
    ]
    if isinstance(document, OutgoingDocument):
        entries = StatusEntry.objects.filter(recipient__document=document)
        events += [
            Event(
                at=entry.reported_at,
                text=entry.get_status_display(),
                who=entry.recipient.recipient.name,
                detail=" ".join(part for part in (entry.description, entry.warning) if part),
                kind=f"status.{entry.status}",
            )
            for entry in entries.select_related("recipient__recipient")
        ]
    else:
        events += [
            Event(
                at=report.at,
                text=_("Đã báo cho nơi gửi: {status}").format(status=report.get_status_display()),
                who="",
                detail="",
                kind=f"status.{report.status}",
            )
            for report in StatusReport.objects.filter(document=document)
        ]
    return sorted(events, key=lambda event: event.at)


# The one fact of an entry that a person wants to read, by act.
_DETAIL = {
    "documents.approved": "comment",
    "documents.form_approved": "comment",
    "documents.returned": "reason",
    "documents.signed": "reference",
    "documents.copied": "kind",
    "documents.refused": "text",
    "documents.dispatch_refused": "text",
    "documents.recalled": "reason",
    "documents.recall_refused": "text",
    "documents.status_refused": "text",
    "documents.assigned": "directive",
    "documents.submitted_to_leader": "to",
    "documents.handed_over": "to",
    "documents.progress_noted": "text",
    "documents.opinion_asked": "of",
    "documents.opinion_given": "answer",
    "documents.extension_asked": "reason",
    "documents.extension_decided": "decision",
    "documents.reply_linked": "reply",
    "documents.reply_dispatched": "reply",
    "documents.forwarded": "to",
    "documents.handed_down": "from",
    "documents.reopened": "reason",
    "documents.recall_asked": "reason",
    "documents.recall_declined": "reason",
    "documents.handed_on": "to",
}


def _detail(act: str, facts: Mapping[str, Any]) -> str:
    if act in {"documents.registered", "documents.paper_registered"}:
        return _("Số đến {number}").format(number=facts.get("arrival", "?"))
    if act == "documents.finished":
        code = facts.get("dossier")
        return _("Hồ sơ {code}").format(code=code) if code else str(facts.get("note", ""))
    return str(facts.get(_DETAIL.get(act, ""), ""))
