"""What people type at the desk, checked for shape. What may be done is decided in actions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.documents import queries
from lienthong.apps.documents.copies import PAGES_TEXT_MAX, Wanted
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.documents.rules import (
    IncomingState,
    OutgoingState,
    RefusalReason,
    Source,
    UrgencyLevel,
)
from lienthong.apps.pki import api as pki
from lienthong.core.signing.text_marks import CopyKind

EMPTY = ("", _("Chọn…"))
OFFICIAL_LETTER = 18


class DateInput(forms.DateInput):
    """The browser's own date field, which asks for ISO dates whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=False,
        widget=DateInput(),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
    )


def _say_what_is_missing(form: forms.Form) -> None:
    """In place of "this field is required", which does not say what to do."""
    for field in form.fields.values():
        to_choose = isinstance(field, forms.ChoiceField | forms.MultipleChoiceField)
        field.error_messages["required"] = _("Hãy chọn.") if to_choose else _("Hãy nhập.")


def _seat_choices(seats: Iterable[Seat]) -> list[tuple[str, str]]:
    return [(str(seat.pk), f"{seat.person.full_name} – {seat.position}") for seat in seats]


def _one_of(seats: Iterable[Seat]) -> list[tuple[str, Any]]:
    """The seats to choose one from; the only one there is stands chosen."""
    choices: list[tuple[str, Any]] = [*_seat_choices(seats)]
    return choices if len(choices) == 1 else [EMPTY, *choices]


def _seat_id(value: Any) -> int:
    return int(value)


class ComposeForm(forms.Form):
    """A new outgoing document, or a draft being changed: from the Decree 30 form or from a PDF."""

    source = forms.ChoiceField(label=_("Cách soạn"), choices=Source, initial=Source.FORM)
    type_code = forms.TypedChoiceField(label=_("Loại văn bản"), coerce=int, initial=OFFICIAL_LETTER)
    subject = forms.CharField(
        label=_("Trích yếu"),
        max_length=500,
        help_text=_("Một câu ngắn nói văn bản về việc gì."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    urgency = forms.TypedChoiceField(
        label=_("Độ khẩn"), choices=UrgencyLevel, coerce=int, initial=0
    )
    due_on = _day(_("Hạn trả lời"), _("Bỏ trống nếu nơi nhận không phải trả lời."))
    recipients = forms.TypedMultipleChoiceField(label=_("Nơi nhận điện tử"), coerce=int)
    reviewer = forms.TypedChoiceField(label=_("Người duyệt"), coerce=_seat_id)
    signatory = forms.TypedChoiceField(label=_("Người ký"), coerce=_seat_id)

    addressee = forms.CharField(
        label=_("Kính gửi"),
        required=False,
        max_length=500,
        help_text=_("Bỏ trống để dùng tên các nơi nhận."),
    )
    bases = forms.CharField(
        label=_("Căn cứ"),
        required=False,
        help_text=_("Mỗi dòng một căn cứ. Công văn thường không có."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    body = forms.CharField(
        label=_("Nội dung"),
        required=False,
        help_text=_("Cách đoạn bằng một dòng trống."),
        widget=forms.Textarea(attrs={"rows": 12, "data-needed-for": Source.FORM.value}),
    )
    places = forms.CharField(
        label=_("Nơi nhận ghi trên văn bản"),
        required=False,
        help_text=_("Mỗi dòng một nơi, ví dụ “Như trên”. Dòng “Lưu: VT” được thêm tự động."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    pdf = forms.FileField(
        label=_("Tệp PDF"),
        required=False,
        help_text=_("PDF chưa ký, không mật khẩu, không mã chạy."),
        widget=forms.FileInput(
            attrs={"accept": "application/pdf,.pdf", "data-needed-for": Source.UPLOAD.value}
        ),
    )

    def __init__(
        self,
        actor: Actor,
        data: Any = None,
        files: Any = None,
        *,
        document: OutgoingDocument | None = None,
    ) -> None:
        super().__init__(data, files, initial=_initial(document))
        _say_what_is_missing(self)
        self.document = document
        self.organizations = [
            organization
            for organization in directory.all_active()
            if organization.pk != actor.organization_id
            and organization.kind != directory.Kind.AXIS  # it carries, it does not receive
        ]
        self._choose("type_code", [(t.code, t.name) for t in queries.document_types()])
        self._choose("recipients", [(o.pk, o.name) for o in self.organizations])
        self._choose("reviewer", _one_of(queries.reviewers(actor.organization_id)))
        self._choose("signatory", _one_of(queries.signatories(actor.organization_id)))
        if document is not None and document.filename:
            self.fields["pdf"].widget.attrs["data-kept"] = "yes"

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  the declarations above say so
        field.choices = choices

    @property
    def chosen(self) -> set[str]:
        """The recipients that are ticked, as the template compares them."""
        return {str(value) for value in self["recipients"].value() or []}

    def clean(self) -> dict[str, Any]:
        """Ask for the text or for the file, whichever way of writing was chosen."""
        found = super().clean() or {}
        has_file = bool(found.get("pdf")) or bool(self.document and self.document.filename)
        if found.get("source") == Source.FORM and not found.get("body", "").strip():
            self.add_error("body", _("Hãy viết nội dung văn bản."))
        if found.get("source") == Source.UPLOAD and not has_file:
            self.add_error("pdf", _("Hãy chọn tệp PDF của văn bản."))
        return found

    def arguments(self) -> dict[str, Any]:
        """What the actions on drafts take, by their own names."""
        found = self.cleaned_data
        common = {
            "type_code": found["type_code"],
            "subject": " ".join(found["subject"].split()),
            "urgency": found["urgency"],
            "due_on": found["due_on"],
            "recipients": found["recipients"],
            "signatory_seat_id": found["signatory"],
            "reviewer_seat_id": found["reviewer"],
        }
        if found["source"] == Source.UPLOAD:
            upload = found["pdf"]
            return common | ({"pdf": upload.read(), "filename": upload.name} if upload else {})
        return common | {
            "form": {
                "addressee": found["addressee"].strip(),
                "body": found["body"].strip(),
                "places": _lines(found["places"]),
                "bases": _lines(found["bases"]),
            }
        }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _initial(document: OutgoingDocument | None) -> dict[str, Any]:
    if document is None:
        return {}
    form = document.form
    return {
        "source": document.source,
        "type_code": document.type_code,
        "subject": document.subject,
        "urgency": document.urgency,
        "due_on": document.due_on,
        "recipients": [row.recipient_id for row in document.recipients.all()],
        "reviewer": document.reviewer_id,
        "signatory": document.signatory_id,
        "addressee": form.get("addressee", ""),
        "body": form.get("body", ""),
        "bases": "\n".join(form.get("bases", [])),
        "places": "\n".join(form.get("places", [])),
    }


class CommentForm(forms.Form):
    """An approval, with or without a word."""

    comment = forms.CharField(
        label=_("Ý kiến"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ReturnForm(forms.Form):
    """Back to the drafter, with the reason."""

    reason = forms.CharField(
        label=_("Lý do trả lại"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class RefuseForm(forms.Form):
    """DX-21: a reason from the closed list, and an explanation for the sender."""

    reason = forms.ChoiceField(label=_("Lý do"), choices=[EMPTY, *RefusalReason.choices])
    text = forms.CharField(
        label=_("Giải thích gửi cơ quan gửi"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AssignForm(forms.Form):
    """DX-26: who leads, who supports, the directive, the deadline."""

    lead = forms.TypedChoiceField(label=_("Chủ trì"), coerce=_seat_id)
    supporting = forms.TypedMultipleChoiceField(
        label=_("Phối hợp"), required=False, coerce=_seat_id, widget=forms.CheckboxSelectMultiple
    )
    directive = forms.CharField(
        label=_("Ý kiến chỉ đạo"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    due_on = _day(_("Hạn xử lý"))

    def __init__(
        self, actor: Actor, data: Any = None, *, document: IncomingDocument | None = None
    ) -> None:
        due_on: date | None = document.due_on if document else None
        super().__init__(data, initial={"due_on": due_on})
        _say_what_is_missing(self)
        seats = _seat_choices(queries.officers(actor.organization_id))
        lead, supporting = self.fields["lead"], self.fields["supporting"]
        assert isinstance(lead, forms.ChoiceField)  # noqa: S101  the declarations above say so
        assert isinstance(supporting, forms.ChoiceField)  # noqa: S101  the declarations above say so
        lead.choices = [EMPTY, *seats]
        supporting.choices = seats


class FinishForm(forms.Form):
    """The result, and the dossier it is filed in: one that is open, or a new one."""

    note = forms.CharField(
        label=_("Kết quả xử lý"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    dossier = forms.TypedChoiceField(
        label=_("Hồ sơ đang mở"), required=False, coerce=int, empty_value=None
    )
    dossier_title = forms.CharField(
        label=_("Hoặc tiêu đề hồ sơ mới"), required=False, max_length=500
    )

    def __init__(
        self, actor: Actor, data: Any = None, *, document: IncomingDocument | None = None
    ) -> None:
        super().__init__(data)
        _say_what_is_missing(self)
        dossier = self.fields["dossier"]
        assert isinstance(dossier, forms.ChoiceField)  # noqa: S101  the declaration above says so
        known = [(str(d.pk), str(d)) for d in queries.dossiers(actor)]
        dossier.choices = [EMPTY, *known]
        if not known:  # the first dossier: nothing to choose from, and a title that fits
            dossier.widget = forms.HiddenInput()
            self.fields["dossier_title"].label = _("Tiêu đề hồ sơ mới")
            self.initial["dossier_title"] = document.subject if document else ""


class _Unaccent(Func):
    function = "unaccent"
    output_field = CharField()


def _search(documents: QuerySet[Any], text: str, *fields: str) -> QuerySet[Any]:
    """Keep the documents in which every word of `text` occurs, whatever its accents and case."""
    parts = [part for name in fields for part in (F(name), Value(" "))]
    whole = Concat(*parts, output_field=CharField())
    documents = documents.annotate(searched=_Unaccent(whole))
    for word in directory.plain(text).split():
        documents = documents.filter(Q(searched__icontains=word))
    return documents


class ListFilter(forms.Form):
    """What a list is narrowed to. Anything wrong in the address narrows nothing."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Số ký hiệu, trích yếu, cơ quan")}
        ),
    )
    state = forms.ChoiceField(label=_("Trạng thái"), required=False)
    urgency = forms.ChoiceField(
        label=_("Độ khẩn"), required=False, choices=[("", _("Tất cả")), *UrgencyLevel.choices]
    )

    states: type[IncomingState | OutgoingState]
    searched: tuple[str, ...]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        state = self.fields["state"]
        assert isinstance(state, forms.ChoiceField)  # noqa: S101  the declaration above says so
        state.choices = [("", _("Tất cả")), *self.states.choices]

    def narrow(self, documents: QuerySet[Any]) -> QuerySet[Any]:
        """Return the documents that the filter asks for."""
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            documents = _search(documents, wanted["q"], *self.searched)
        if wanted.get("state"):
            documents = documents.filter(state=wanted["state"])
        if wanted.get("urgency"):
            documents = documents.filter(urgency=wanted["urgency"])
        return documents


class CheckFileForm(forms.Form):
    """A file to check, what belongs beside it, and how the answer should look."""

    PAGE, PDF, JSON = "page", "pdf", "json"
    SIZE_MAX_BYTES = 50 * 1024 * 1024

    file = forms.FileField(
        label=_("Tệp cần kiểm tra"),
        help_text=_("PDF, gói tin, chữ ký .p7s, biên nhận, hồ sơ chứng cứ .asice…, đến 50 MB."),
    )
    beside = forms.FileField(
        label=_("Tệp đi kèm (nếu có)"),
        required=False,
        help_text=_("Chữ ký .p7s của tệp trên, hoặc nội dung mà chữ ký .p7s đã ký."),
    )
    output = forms.ChoiceField(
        label=_("Xem kết quả"),
        choices=[
            (PAGE, _("Trên trang này")),
            (PDF, _("Báo cáo PDF có chữ ký")),
            (JSON, _("Tệp JSON có chữ ký")),
        ],
        initial=PAGE,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].error_messages["required"] = _("Hãy chọn tệp.")
        for field in self.fields.values():
            field.error_messages["empty"] = _("Tệp rỗng.")

    def clean_file(self) -> Any:
        return self._bounded("file")

    def clean_beside(self) -> Any:
        return self._bounded("beside")

    def _bounded(self, name: str) -> Any:
        upload = self.cleaned_data[name]
        if upload and upload.size > self.SIZE_MAX_BYTES:
            raise forms.ValidationError(_("Tệp lớn quá 50 MB."))
        return upload


class IncomingFilter(ListFilter):
    """The filter of the incoming list."""

    states = IncomingState
    searched = ("number", "notation", "subject", "sender_name", "document_id")


class OutgoingFilter(ListFilter):
    """The filter of the outgoing list."""

    states = OutgoingState
    searched = ("notation", "subject", "type_name", "document_id")


class CopyForm(pki.ConsentForm):
    """Which copy to make, and the consent to sign it."""

    field_order = ("kind", "pages", "pin", "otp", "answer")
    kind = forms.ChoiceField(
        label=_("Hình thức sao"), choices=[(one.value, one.label) for one in CopyKind]
    )
    pages = forms.CharField(
        label=_("Các trang trích"),
        max_length=PAGES_TEXT_MAX,
        required=False,
        help_text=_("Chỉ ghi khi trích sao, ví dụ: 1-3, 5."),
    )

    def wanted(self) -> Wanted:
        """What was asked for."""
        return Wanted(CopyKind(self.cleaned_data["kind"]), self.cleaned_data["pages"])
