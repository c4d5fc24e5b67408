"""What people type about an outgoing document, checked for shape. What may be done is decided in
actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django import forms
from django.urls import reverse
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
from lienthong.apps.documents.outgoing import decree_30, queries, recalling, versions
from lienthong.apps.documents.rules import UrgencyLevel
from lienthong.apps.documents.rules.outgoing import OutgoingState, Source

OFFICIAL_LETTER = 18
PREFIX = "mau-"  # of the fields that one type has
FIELD_MAX = 1000


class ComposeForm(forms.Form):
    """A new outgoing document, or a draft being changed: from the Decree 30 form or from a PDF."""

    # Of a new document the id it will have: a double click makes one. Of a draft its version.
    ticket = forms.UUIDField(required=False, widget=forms.HiddenInput())
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput())
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
    reviewer = forms.TypedChoiceField(label=_("Người duyệt nội dung"), coerce=seat_id)
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
        type_code: str = "",
    ) -> None:
        """type_code: the type that a new document begins as; anything odd is an official letter."""
        initial = _initial(document) or _beginning(type_code)
        super().__init__(data, files, initial=initial)
        self.template = decree_30.template(_type_of(data, initial))
        for field in self.template.fields:
            self.fields[PREFIX + field.name] = _type_field(field)
        if self.template.fields:  # they are the text; more may follow
            del self.fields["body"].widget.attrs["data-needed-for"]
        self.fields["type_code"].widget.attrs |= {
            "hx-get": reverse("documents:outgoing_type_fields"),
            "hx-target": "#theo-loai",
            "hx-swap": "outerHTML",
        }
        say_what_is_missing(self)
        self.document, self.sent = document, data
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
        if found.get("source") == Source.FORM:
            self._ask_for_the_text(found)
        if found.get("source") == Source.UPLOAD and not has_file:
            self.add_error("pdf", _("Hãy chọn tệp PDF của văn bản."))
        if self.document is not None and found.get("seen") not in {None, self.document.version}:
            self.add_error(None, versions.changed_since(self.document, found["seen"]).sentence)
            # Who read this and saves again means it.
            sent = self.sent.copy()
            sent["seen"] = self.document.version
            self.data = sent
        return found

    def _ask_for_the_text(self, found: dict[str, Any]) -> None:
        for field in self.template.fields:
            if field.required and not found.get(PREFIX + field.name, "").strip():
                self.add_error(PREFIX + field.name, _("Hãy nhập."))
        if not self.template.fields and not found.get("body", "").strip():
            self.add_error("body", _("Hãy viết nội dung văn bản."))

    @property
    def type_fields(self) -> list[forms.BoundField]:
        """What this type asks for beside the text."""
        return [self[PREFIX + field.name] for field in self.template.fields]

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
        common |= {"ticket": found["ticket"]} if self.document is None else {"seen": found["seen"]}
        if found["source"] == Source.UPLOAD:
            upload = found["pdf"]
            return common | ({"pdf": upload.read(), "filename": upload.name} if upload else {})
        return common | {
            "form": {
                "addressee": found["addressee"].strip(),
                "body": found["body"].strip(),
                "places": _lines(found["places"]),
                "bases": _lines(found["bases"]),
                "fields": {
                    field.name: found[PREFIX + field.name].strip() for field in self.template.fields
                },
            }
        }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _type_of(data: Any, initial: Mapping[str, Any]) -> int:
    """The type that this form is of: as sent, else as it begins."""
    sent = str(data.get("type_code", "")) if data else ""
    return int(sent) if sent.isdecimal() else int(initial.get("type_code", OFFICIAL_LETTER))


def _type_field(field: decree_30.Field) -> forms.CharField:
    needed = {"data-needed-for": Source.FORM.value} if field.required else {}
    return forms.CharField(
        label=field.label,
        help_text=field.help,
        required=False,
        max_length=FIELD_MAX,
        widget=forms.Textarea(attrs={"rows": 1, **needed}),
    )


def _beginning(type_code: str) -> dict[str, Any]:
    """A new document of that type: the words that its form begins with."""
    code = int(type_code) if type_code.isdecimal() and len(type_code) < 4 else OFFICIAL_LETTER
    form = decree_30.template(code)
    prefix = f"{form.subject_prefix} " if form.subject_prefix else ""
    return {"type_code": code, "body": form.body, "subject": prefix, "ticket": uuid4()}


def _initial(document: OutgoingDocument | None) -> dict[str, Any]:
    if document is None:
        return {}
    form = document.form
    return {
        "seen": document.version,
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
    } | {PREFIX + name: value for name, value in form.get("fields", {}).items()}


class CommentForm(forms.Form):
    """An approval, with or without a word."""

    comment = forms.CharField(
        label=_("Ý kiến"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RecallForm(forms.Form):
    """DX-36: from whom, and why."""

    recipients = forms.TypedMultipleChoiceField(
        label=_("Thu hồi từ"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Lý do thu hồi"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, document: OutgoingDocument, data: Any = None) -> None:
        super().__init__(data)
        say_what_is_missing(self)
        recipients = self.fields["recipients"]
        assert isinstance(recipients, forms.ChoiceField)  # noqa: S101  the declaration above says so
        recipients.choices = [
            (row.recipient_id, row.recipient.name) for row in recalling.recallable(document)
        ]


class ReturnForm(forms.Form):
    """Back to the drafter, with the reason."""

    reason = forms.CharField(
        label=_("Lý do trả lại"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class OutgoingFilter(ListFilter):
    """The filter of the outgoing list."""

    states = OutgoingState
    searched = ("notation", "subject", "type_name", "document_id")
