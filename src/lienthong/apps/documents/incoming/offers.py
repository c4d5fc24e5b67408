"""What the page of an incoming document offers to do: one panel for one move, as data."""

from __future__ import annotations

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.panels import Offer, Panel, panel
from lienthong.apps.documents.incoming import forms, policy
from lienthong.apps.documents.models import IncomingDocument

# In the order of the page: what waits for an answer, the next step, then what may be done beside.
OFFERS: dict[str, Offer] = {
    "agree_recall": Offer(
        "documents:incoming_agree_recall",
        _("Đồng ý thu hồi"),
        _("Hủy văn bản đến và báo cơ quan gửi; nội dung không xem được nữa, nhật ký được giữ."),
        _("Đồng ý, hủy văn bản"),
        "arrow-return-left",
        is_bad=True,
    ),
    "decline_recall": Offer(
        "documents:incoming_decline_recall",
        _("Từ chối thu hồi"),
        _("Giữ văn bản; cơ quan gửi và lãnh đạo được báo lý do."),
        _("Từ chối thu hồi"),
        "x-circle",
        forms.DeclineRecallForm,
    ),
    "accept": Offer(
        "documents:incoming_accept",
        _("Tiếp nhận"),
        _("Cấp số đến và báo cơ quan gửi. Xem kết quả kiểm tra chữ ký trước khi tiếp nhận."),
        _("Tiếp nhận, cấp số đến"),
        "check-circle",
    ),
    "refuse": Offer(
        "documents:incoming_refuse",
        _("Từ chối tiếp nhận"),
        _("Văn bản được trả lại; cơ quan gửi thấy lý do."),
        _("Từ chối"),
        "x-circle",
        forms.RefuseForm,
        is_bad=True,
    ),
    "give_opinion": Offer(
        "documents:incoming_give_opinion",
        _("Cho ý kiến"),
        _("Người chủ trì đang chờ ý kiến của anh/chị."),
        _("Gửi ý kiến"),
        "pen",
        forms.AnswerForm,
    ),
    "decide_extension": Offer(
        "documents:incoming_decide_extension",
        _("Quyết định gia hạn"),
        _("Người chủ trì xin gia hạn; lý do ở phần “Quá trình xử lý”."),
        _("Quyết định"),
        "clipboard-check",
        forms.DecisionForm,
    ),
    "assign": Offer(
        "documents:incoming_assign",
        _("Phân công xử lý"),
        _("Một người chủ trì; có thể thêm người phối hợp."),
        _("Phân công"),
        "person-check",
        forms.AssignForm,
    ),
    "submit": Offer(
        "documents:incoming_submit",
        _("Trình lãnh đạo"),
        _("Trình người có thẩm quyền; khi rõ đơn vị chủ trì thì chuyển thẳng trưởng đơn vị."),
        _("Trình"),
        "send",
        forms.SubmitForm,
    ),
    "start": Offer(
        "documents:incoming_start",
        _("Bắt đầu xử lý"),
        _("Báo cơ quan gửi rằng văn bản đang được xử lý."),
        _("Bắt đầu xử lý"),
        "lightning-charge",
    ),
    "finish": Offer(
        "documents:incoming_finish",
        _("Hoàn thành"),
        _("Ghi kết quả và lưu vào hồ sơ công việc."),
        _("Hoàn thành"),
        "check-lg",
        forms.FinishForm,
    ),
    "note": Offer(
        "documents:incoming_note",
        _("Ghi tiến độ"),
        "",
        _("Ghi"),
        "list-task",
        forms.ProgressForm,
    ),
    "answer_by": Offer(
        "documents:incoming_reply",
        _("Gắn văn bản trả lời"),
        _("Khi văn bản trả lời phát hành, văn bản đến tự hoàn thành."),
        _("Gắn"),
        "files",
        forms.ReplyForm,
    ),
    "ask_opinion": Offer(
        "documents:incoming_ask_opinion",
        _("Xin ý kiến phối hợp"),
        _("Người được hỏi xem được văn bản này."),
        _("Gửi xin ý kiến"),
        "question-circle",
        forms.OpinionForm,
    ),
    "ask_extension": Offer(
        "documents:incoming_ask_extension",
        _("Xin gia hạn"),
        "",
        _("Gửi đề nghị"),
        "hourglass-split",
        forms.ExtensionForm,
    ),
    "forward": Offer(
        "documents:incoming_forward",
        _("Chuyển xuống cơ quan trực thuộc"),
        _("Nơi nhận vào sổ của mình; trạng thái xử lý tự báo về đây."),
        _("Chuyển"),
        "building",
        forms.ForwardForm,
    ),
    "hand_over": Offer(
        "documents:incoming_hand_over",
        _("Giao người khác"),
        _("Giữ nguyên hạn, ý kiến chỉ đạo và những gì đã làm."),
        _("Giao"),
        "people",
        forms.HandOverForm,
    ),
    "take_back": Offer(
        "documents:incoming_take_back",
        _("Rút lại phân công"),
        _("Khi người nhận chưa bắt đầu; phân công trước đó, nếu có, lại có hiệu lực."),
        _("Rút lại"),
        "arrow-return-left",
    ),
    "file": Offer(
        "documents:incoming_file_away",
        _("Lưu, không phải xử lý"),
        _("Đóng văn bản ngay, không phân công ai."),
        _("Lưu"),
        "journal-text",
        forms.FileForm,
    ),
    "reopen": Offer(
        "documents:incoming_reopen",
        _("Mở lại"),
        _("Đưa văn bản về trạng thái đang xử lý."),
        _("Mở lại"),
        "arrow-left",
        forms.ReopenForm,
    ),
}


def panels(
    actor: Actor, document: IncomingDocument, bound: django_forms.Form | None = None
) -> list[Panel]:
    """What `actor` may do with `document` now, in the order of the table above."""
    allowed = set(policy.available_actions(actor, document))
    return [
        panel(move, offer, actor, document, bound)
        for move, offer in OFFERS.items()
        if move in allowed
    ]
