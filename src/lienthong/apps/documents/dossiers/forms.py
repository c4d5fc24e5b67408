"""What people type about work files, checked for shape."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.common.forms import (
    EMPTY,
    day,
    one_of,
    say_what_is_missing,
    search,
    seat_choices,
    seat_id,
)
from lienthong.apps.documents.dossiers import policy, retention
from lienthong.apps.documents.dossiers.keeping import USUAL_RETENTION, Wanted
from lienthong.apps.documents.dossiers.yearly import Line
from lienthong.apps.documents.models import Dossier
from lienthong.apps.documents.rules.dossiers import Access, DossierKind, DossierState


def _choose(form: forms.Form, name: str, choices: list[Any]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)  # noqa: S101  the declarations below say so
    field.choices = choices


def _periods() -> list[tuple[str, str]]:
    return [(one.label, one.label) for one in retention.periods(timezone.localdate())]


class DossierForm(forms.Form):
    """A file outside the yearly list, or a file being changed (DX-75)."""

    title = forms.CharField(
        label=_("Tiêu đề hồ sơ"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    code = forms.CharField(
        label=_("Số, ký hiệu hồ sơ"),
        max_length=20,
        required=False,
        help_text=_("Bỏ trống để hệ thống cấp số tiếp theo trong năm."),
    )
    retention = forms.ChoiceField(label=_("Thời hạn bảo quản"), initial=USUAL_RETENTION)
    kind = forms.ChoiceField(
        label=_("Loại hồ sơ"),
        choices=DossierKind,
        help_text=_("Hồ sơ xây dựng cơ bản nộp lưu trong 3 tháng, hồ sơ khác trong 1 năm."),
    )
    access = forms.ChoiceField(label=_("Chế độ sử dụng"), choices=Access)
    description = forms.CharField(label=_("Ghi chú"), max_length=500, required=False)

    def __init__(self, data: Any = None, *, dossier: Dossier | None = None) -> None:
        known = ("title", "code", "retention", "kind", "access", "description")
        initial = {name: getattr(dossier, name) for name in known} if dossier else {}
        super().__init__(data, initial=initial)
        _choose(self, "retention", _periods())
        if dossier:
            self.fields["code"].required = True
            self.fields["code"].help_text = ""
        say_what_is_missing(self)

    def wanted(self) -> Wanted:
        """What the actions take."""
        return Wanted(
            **{**self.cleaned_data, "title": " ".join(self.cleaned_data["title"].split())}
        )


class LineForm(forms.Form):
    """A line of the yearly list."""

    code = forms.CharField(label=_("Số, ký hiệu hồ sơ"), max_length=20)
    title = forms.CharField(label=_("Tiêu đề hồ sơ"), max_length=500)
    retention = forms.ChoiceField(label=_("Thời hạn bảo quản"), initial=USUAL_RETENTION)
    kind = forms.ChoiceField(label=_("Loại hồ sơ"), choices=DossierKind)
    keeper_seat_id = forms.TypedChoiceField(label=_("Người lập hồ sơ"), coerce=seat_id)

    def __init__(self, actor: Actor, data: Any = None) -> None:
        super().__init__(data, initial={"keeper_seat_id": actor.seat_id})
        _choose(self, "retention", _periods())
        seats = accounts.seats(actor.organization_id).filter(role__in=policy.KEEPERS)
        _choose(self, "keeper_seat_id", seat_choices(seats))
        say_what_is_missing(self)

    def line(self) -> Line:
        """What the action takes."""
        return Line(**self.cleaned_data)


class IssueListForm(forms.Form):
    """The decision that issues the list."""

    basis = forms.CharField(
        label=_("Văn bản ban hành"),
        max_length=200,
        help_text=_("Ví dụ: Quyết định số 15/QĐ-VP ngày 05/01/2026."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        say_what_is_missing(self)


class CloseForm(forms.Form):
    """When the work ended."""

    ended_on = day(
        _("Ngày kết thúc công việc"),
        _("Hồ sơ xây dựng cơ bản: ngày quyết toán. Bỏ trống là hôm nay."),
    )


class ReasonForm(forms.Form):
    """Why: to reopen, to take out, to return."""

    reason = forms.CharField(label=_("Lý do"), max_length=500)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        say_what_is_missing(self)


class KeepLongerForm(forms.Form):
    """Consent that a unit keeps a file (DX-78)."""

    until = day(_("Giữ đến hết ngày"), _("Không quá 2 năm sau hạn nộp lưu."))
    reason = forms.CharField(label=_("Văn bản đồng ý"), max_length=500)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["until"].required = True
        say_what_is_missing(self)


class SuccessorForm(forms.Form):
    """Who leaves, and who takes their files (DX-82)."""

    keeper = forms.TypedChoiceField(label=_("Người bàn giao"), coerce=seat_id)
    taker = forms.TypedChoiceField(label=_("Người nhận"), coerce=seat_id)

    def __init__(self, actor: Actor, data: Any = None) -> None:
        super().__init__(data, initial={"keeper": actor.seat_id})
        # Also who holds the seat no longer: their files stay until somebody takes them.
        held = Dossier.objects.filter(organization_id=actor.organization_id).exclude(
            state=DossierState.HANDED_OVER
        )
        keepers = accounts.Seat.objects.filter(pk__in=held.values("creator")).select_related(
            "person"
        )
        allowed = [seat for seat in keepers if policy.may_hand_over_for(actor, seat.pk)]
        _choose(self, "keeper", one_of(allowed))
        takers = accounts.seats(actor.organization_id).filter(role__in=policy.KEEPERS)
        _choose(self, "taker", [EMPTY, *seat_choices(takers)])
        say_what_is_missing(self)


class ArchiveForm(forms.Form):
    """Which files go to the archive, and which archivist takes them."""

    dossiers = forms.TypedMultipleChoiceField(
        label=_("Hồ sơ nộp lưu"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    taker = forms.TypedChoiceField(label=_("Người nhận"), coerce=seat_id)

    def __init__(self, actor: Actor, waiting: QuerySet[Dossier], data: Any = None) -> None:
        super().__init__(data)
        _choose(self, "dossiers", [(one.pk, f"{one} ({one.retention})") for one in waiting])
        _choose(self, "taker", one_of(accounts.seats(actor.organization_id, Role.ARCHIVIST)))
        say_what_is_missing(self)


class DossierFilter(forms.Form):
    """What the list of files is narrowed to."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Ký hiệu, tiêu đề")}),
    )
    state = forms.ChoiceField(
        label=_("Trạng thái"), required=False, choices=[("", _("Tất cả")), *DossierState.choices]
    )
    year = forms.IntegerField(
        label=_("Năm"),
        required=False,
        min_value=1945,
        max_value=2200,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def narrow(self, dossiers: QuerySet[Dossier]) -> QuerySet[Dossier]:
        """Return the files that the filter asks for; what is wrong in it narrows nothing."""
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            dossiers = search(dossiers, wanted["q"], "code", "title")
        if wanted.get("state"):
            dossiers = dossiers.filter(state=wanted["state"])
        if wanted.get("year"):
            dossiers = dossiers.filter(year=wanted["year"])
        return dossiers
