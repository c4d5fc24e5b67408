"""How the operator narrows a list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .rules import Kind

WAITING, DONE = "waiting", "done"


class PacketFilter(forms.Form):
    """Which packets. Anything wrong in the address narrows nothing."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": _("Số ký hiệu, mã văn bản, mã cơ quan, SHA-256"),
            }
        ),
    )
    kind = forms.ChoiceField(
        label=_("Loại gói tin"),
        required=False,
        choices=[("", _("Tất cả")), (Kind.EDOC, _("Văn bản")), (Kind.STATUS, _("Trạng thái"))],
    )
    state = forms.ChoiceField(
        label=_("Chuyển giao"),
        required=False,
        choices=[("", _("Tất cả")), (WAITING, _("Còn chờ")), (DONE, _("Đã giao đủ"))],
    )

    def narrow(self, packets: QuerySet[Any]) -> QuerySet[Any]:
        """Return the packets that the filter asks for, of those that `overview` counted."""
        self.is_valid()
        wanted = self.cleaned_data
        for word in wanted.get("q", "").split():
            packets = packets.filter(
                Q(reference__icontains=word)
                | Q(document_id__icontains=word)
                | Q(agency_code__icontains=word)
                | Q(sha256__istartswith=word)
            )
        if wanted.get("kind"):
            packets = packets.filter(kind=wanted["kind"])
        if wanted.get("state") == WAITING:
            packets = packets.filter(done__lt=F("total"))
        if wanted.get("state") == DONE:
            packets = packets.filter(done=F("total"))
        return packets


class RequeueForm(forms.Form):
    """Which dead letters to queue again: one delivery, or all of one recipient."""

    delivery = forms.UUIDField(required=False)
    agency = forms.CharField(required=False, max_length=35)

    def clean(self) -> dict[str, Any]:
        wanted = super().clean() or {}
        if not (wanted.get("delivery") or wanted.get("agency")):
            raise forms.ValidationError("")
        return wanted
