"""What people type about an incoming document, checked for shape."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.forms import (
    EMPTY,
    ListFilter,
    day,
    say_what_is_missing,
    seat_choices,
    seat_id,
)
from lienthong.apps.documents.dossiers.queries import open_dossiers
from lienthong.apps.documents.incoming import queries
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.incoming import IncomingState, RefusalReason


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

    lead = forms.TypedChoiceField(label=_("Chủ trì"), coerce=seat_id)
    supporting = forms.TypedMultipleChoiceField(
        label=_("Phối hợp"), required=False, coerce=seat_id, widget=forms.CheckboxSelectMultiple
    )
    directive = forms.CharField(
        label=_("Ý kiến chỉ đạo"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    due_on = day(_("Hạn xử lý"))

    def __init__(
        self, actor: Actor, data: Any = None, *, document: IncomingDocument | None = None
    ) -> None:
        due_on: date | None = document.due_on if document else None
        super().__init__(data, initial={"due_on": due_on})
        say_what_is_missing(self)
        seats = seat_choices(queries.officers(actor.organization_id))
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
        say_what_is_missing(self)
        dossier = self.fields["dossier"]
        assert isinstance(dossier, forms.ChoiceField)  # noqa: S101  the declaration above says so
        known = [(str(d.pk), str(d)) for d in open_dossiers(actor)]
        dossier.choices = [EMPTY, *known]
        if not known:  # the first dossier: nothing to choose from, and a title that fits
            dossier.widget = forms.HiddenInput()
            self.fields["dossier_title"].label = _("Tiêu đề hồ sơ mới")
            self.initial["dossier_title"] = document.subject if document else ""


class IncomingFilter(ListFilter):
    """The filter of the incoming list."""

    states = IncomingState
    searched = ("number", "notation", "subject", "sender_name", "document_id")
