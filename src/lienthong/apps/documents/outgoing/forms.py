"""What people type about an outgoing document, checked for shape. What may be done is decided in
actions.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common.forms import (
    ListFilter,
    day,
    one_of,
    say_what_is_missing,
    seat_id,
)
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import queries
from lienthong.apps.documents.rules import UrgencyLevel
from lienthong.apps.documents.rules.outgoing import OutgoingState, Source

OFFICIAL_LETTER = 18


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
    due_on = day(_("Hạn trả lời"), _("Bỏ trống nếu nơi nhận không phải trả lời."))
    recipients = forms.TypedMultipleChoiceField(label=_("Nơi nhận điện tử"), coerce=int)
    reviewer = forms.TypedChoiceField(label=_("Người duyệt"), coerce=seat_id)
    signatory = forms.TypedChoiceField(label=_("Người ký"), coerce=seat_id)

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
        say_what_is_missing(self)
        self.document = document
        self.organizations = [
            organization
            for organization in directory.all_active()
            if organization.pk != actor.organization_id
            and organization.kind != directory.Kind.AXIS  # it carries, it does not receive
        ]
        self._choose("type_code", [(t.code, t.name) for t in queries.document_types()])
        self._choose("recipients", [(o.pk, o.name) for o in self.organizations])
        self._choose("reviewer", one_of(queries.reviewers(actor.organization_id)))
        self._choose("signatory", one_of(queries.signatories(actor.organization_id)))
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


class OutgoingFilter(ListFilter):
    """The filter of the outgoing list."""

    states = OutgoingState
    searched = ("notation", "subject", "type_name", "document_id")
