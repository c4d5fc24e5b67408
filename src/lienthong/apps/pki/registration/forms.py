"""What people type about certificates, checked for shape. Actions decide what may be done."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_csr
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory
from lienthong.apps.pki.consent import ConsentForm
from lienthong.apps.pki.contract import RequestKind, SubjectKind
from lienthong.apps.pki.devices import Choice, choices
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration.asking import Paper, Wish
from lienthong.apps.pki.registration.mapping import KEY_KINDS
from lienthong.apps.pki.registration.queries import AWAITS_SECOND
from lienthong.apps.pki.registration.rules import (
    COMPROMISED,
    OPEN,
    PIN_LENGTH_MIN,
    Ground,
    RequestState,
)
from lienthong.apps.pki.rules import KeyPlace

EMPTY = ("", _("Chọn…"))
FILES_MAX = 5
CSR_MAX_BYTES = 16 * 1024


def _say_what_is_missing(form: forms.Form) -> None:
    """In place of "this field is required", which does not say what to do."""
    for field in form.fields.values():
        to_choose = isinstance(field, forms.ChoiceField | forms.MultipleChoiceField)
        field.error_messages["required"] = _("Hãy chọn.") if to_choose else _("Hãy nhập.")


class _ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class EvidenceField(forms.FileField):
    """Several files; cleaned to a list of papers."""

    widget = _ManyFiles(attrs={"accept": ".pdf,.jpg,.jpeg,.png", "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Every file by itself."""
        given = data if isinstance(data, list | tuple) else [data] if data else []
        files = [super(EvidenceField, self).clean(one, initial) for one in given]
        if not files:
            super().clean(None, initial)
        if len(files) > FILES_MAX:
            raise forms.ValidationError(_("Tối đa %(count)d tệp.") % {"count": FILES_MAX})
        return [_paper(file) for file in files]


def _paper(file: UploadedFile[bytes]) -> Paper:
    return Paper(file.name or "minh-chung", file.content_type or "", file.read())


def pin_field() -> forms.CharField:
    """The PIN of the registrar's own key."""
    return forms.CharField(
        label=_("Mã PIN của khóa ký"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class PinForm(forms.Form):
    """The PIN of a key. It is used once and kept nowhere."""

    pin = pin_field()

    def __init__(self, *args: Any, label: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if label:
            self.fields["pin"].label = label
        _say_what_is_missing(self)


class ReasonForm(forms.Form):
    """Why a request goes back."""

    reason = forms.CharField(
        label=_("Cần bổ sung hoặc sửa gì"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_what_is_missing(self)


class DeviceForm(forms.Form):
    """The device that is handed over."""

    device_serial = forms.CharField(label=_("Số sê-ri thiết bị"), max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_what_is_missing(self)


class CsrForm(forms.Form):
    """The request for a certificate that the device made: by the page's script, or as a file."""

    csr = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput())
    file = forms.FileField(
        label=_("Hoặc nạp tệp yêu cầu (CSR) do công cụ của thiết bị tạo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csr,.p10,.der,.pem"}),
    )
    agent_url = ""

    def __init__(self, *args: Any, subject: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = json.dumps(subject or {}, ensure_ascii=False)  # for the agent
        self.agent_url = str(settings.AGENT_URL)

    def clean(self) -> dict[str, Any]:
        """One of both, as DER."""
        data = super().clean() or {}
        given = data["file"].read(CSR_MAX_BYTES) if data.get("file") else b""
        with suppress(ValueError):
            given = given or base64.b64decode(data.get("csr", ""), validate=True)
        if given.startswith(b"-----BEGIN"):
            with suppress(ValueError):
                given = load_pem_x509_csr(given).public_bytes(Encoding.DER)
        if not given:
            raise forms.ValidationError(
                _("Chưa có yêu cầu từ thiết bị. Mở trình ký rồi bấm lại, hoặc nạp tệp CSR.")
            )
        return {**data, "der": given}


class CredentialForm(ConsentForm):
    """The factors of a remote key, and which of one's keys there."""

    credential = forms.CharField(
        label=_("Mã khóa tại dịch vụ"),
        required=False,
        max_length=200,
        help_text=_("Để trống nếu bạn chỉ có một khóa ở đó."),
    )
    field_order = ("credential", "pin", "otp")


class _RequestForm(forms.Form):
    """What every request says: for whom, and about which certificate."""

    profile = forms.ChoiceField(label=_("Cấp cho"), choices=SubjectKind)
    certificate = forms.TypedChoiceField(
        label=_("Chứng thư"), coerce=int, empty_value=None, required=False
    )

    def __init__(
        self,
        actor: Actor,
        kind: RequestKind,
        certificates: list[Certificate],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        profile, chosen = self.fields["profile"], self.fields["certificate"]
        assert isinstance(profile, forms.ChoiceField)  # noqa: S101  the declarations above say so
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101  the declarations above say so
        if not actor.roles & {Role.CLERK, Role.LEADER, Role.REGISTRAR}:
            profile.choices = [(SubjectKind.PERSON.value, SubjectKind.PERSON.label)]
            profile.widget = forms.HiddenInput()
            self.initial.setdefault("profile", SubjectKind.PERSON.value)
        if kind is RequestKind.NEW:
            del self.fields["certificate"]
            self._profiles = {}
        else:
            chosen.required = True
            known = [(str(one.pk), _name(one)) for one in certificates]
            chosen.choices = known if len(known) == 1 else [EMPTY, *known]
            self._profiles = {one.pk: one.kind for one in certificates}
            del self.fields["profile"]
        _say_what_is_missing(self)

    def wish(self) -> Wish:
        """What is asked for."""
        data = self.cleaned_data
        profile = data.get("profile") or self._profiles[data["certificate"]]
        return Wish(
            self.kind,
            SubjectKind(profile),
            certificate_id=data.get("certificate"),
            ground=data.get("ground", ""),
            reason=data.get("reason", ""),
            invalidity_at=_midnight(data.get("since")),
        )


def _name(certificate: Certificate) -> str:
    return f"{certificate.subject} – {certificate.serial[:12]}"


def _midnight(on: Any) -> datetime | None:
    return timezone.make_aware(datetime.combine(on, time.min)) if on else None


class IssueForm(_RequestForm):
    """A new, renewed or changed certificate: papers, and the PIN that opens the holder's key."""

    place = forms.ChoiceField(label=_("Khóa ở đâu"), required=False)
    reason = forms.CharField(label=_("Lý do, nhu cầu sử dụng"), required=False, max_length=500)
    papers = EvidenceField(
        label=_("Minh chứng"),
        help_text=_(
            "Quyết định bổ nhiệm, giấy tờ tùy thân… PDF, JPEG hoặc PNG, mỗi tệp tối đa 10 MB."
        ),
    )
    pin = forms.CharField(
        label=_("Đặt mã PIN cho khóa mới"),
        min_length=PIN_LENGTH_MIN,
        max_length=128,
        strip=False,
        help_text=_(
            "Ít nhất 6 ký tự. Chỉ bạn biết mã này; hệ thống không lưu và không khôi phục được."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Nhập lại mã PIN"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    field_order = ("profile", "certificate", "reason", "papers", "place", "pin", "again")

    def __init__(self, actor: Actor, kind: RequestKind, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, kind, *args, **kwargs)
        self.fields["papers"].required = kind is RequestKind.NEW
        place = self.fields["place"]
        assert isinstance(place, forms.ChoiceField)  # noqa: S101  the declaration above says so
        self._places = {one.value: one for each in SubjectKind for one in choices(KEY_KINDS[each])}
        place.choices = [(one.value, one.title) for one in self._places.values()]
        if len(self._places) == 1:
            del self.fields["place"]
        else:
            place.widget.attrs["data-key-place"] = ""
            for name in ("pin", "again"):
                self.fields[name].required = self._place().place is KeyPlace.FILE
                self.fields[name].widget.attrs["data-needed-for"] = KeyPlace.FILE.value

    def _place(self) -> Choice:
        """The place that was chosen; a file when none was, or one that is not offered."""
        wanted = str(self.data.get("place", "")) if self.is_bound else ""
        return self._places.get(wanted) or Choice(KeyPlace.FILE, "", "")

    def wish(self) -> Wish:
        """What is asked for, and where the key will be."""
        found, place = super().wish(), self._place()
        return replace(found, key_place=place.place, key_device=place.device)

    def clean(self) -> dict[str, Any]:
        """Both PINs are one, and the place fits what the key is for."""
        data = super().clean() or {}
        profile = data.get("profile") or self._profiles.get(data.get("certificate") or 0)
        if profile and self._place().value not in {
            one.value for one in choices(KEY_KINDS[SubjectKind(profile)])
        }:
            self.add_error("place", _("Nơi giữ khóa này không dùng cho loại chứng thư đã chọn."))
        if data.get("pin") and data.get("again") and data["pin"] != data["again"]:
            self.add_error("again", _("Hai lần nhập mã PIN khác nhau."))
        return data


class StatusForm(_RequestForm):
    """Revoke, hold, release, restore: which certificate, why, and since when it may be misused."""

    ground = forms.ChoiceField(label=_("Căn cứ"), choices=[EMPTY, *Ground.choices])
    since = forms.DateField(
        label=_("Nghi mất hoặc lộ từ ngày"),
        required=False,
        help_text=_("Chữ ký có dấu thời gian trước ngày này vẫn hợp lệ."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
    )
    reason = forms.CharField(
        label=_("Giải thích"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, actor: Actor, kind: RequestKind, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, kind, *args, **kwargs)
        if kind not in {RequestKind.REVOKE, RequestKind.HOLD}:
            del self.fields["ground"], self.fields["since"]

    def clean_since(self) -> Any:
        """A day that has come."""
        since = self.cleaned_data["since"]
        if since and since > timezone.localdate():
            raise forms.ValidationError(_("Ngày này chưa đến."))
        return since


class LossForm(forms.Form):
    """An emergency: the key may be in other hands."""

    ground = forms.ChoiceField(
        label=_("Chuyện gì đã xảy ra"),
        choices=[EMPTY, *[(one.value, one.label) for one in Ground if one in COMPROMISED]],
    )
    reason = forms.CharField(
        label=_("Giải thích"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_what_is_missing(self)


class HoldForm(forms.Form):
    """An emergency hold by a registrar: why, and the PIN that signs it."""

    ground = forms.ChoiceField(label=_("Chuyện gì đã xảy ra"), choices=[EMPTY, *Ground.choices])
    reason = forms.CharField(
        label=_("Ai báo, báo thế nào"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    pin = pin_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_what_is_missing(self)


class TableForm(forms.Form):
    """A CSV of requests."""

    file = forms.FileField(
        label=_("Bảng CSV (UTF-8)"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say_what_is_missing(self)


class ChosenForm(forms.Form):
    """Requests marked in the worklist."""

    chosen = forms.ModelMultipleChoiceField(queryset=CertificateRequest.objects.none())

    def __init__(self, requests: QuerySet[CertificateRequest], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["chosen"]
        assert isinstance(chosen, forms.ModelMultipleChoiceField)  # noqa: S101  declared above
        chosen.queryset = requests
        _say_what_is_missing(self)


class WorklistFilter(forms.Form):
    """What the registrar's list is narrowed to. Anything wrong in the address narrows nothing."""

    q = forms.CharField(
        label=_("Tìm"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Tên, mã cán bộ, cơ quan")}
        ),
    )
    state = forms.ChoiceField(
        label=_("Trạng thái"),
        required=False,
        choices=[
            ("", _("Đang chờ")),
            ("late", _("Quá hạn")),
            ("all", _("Tất cả")),
            *RequestState.choices[1:],
        ],
    )
    kind = forms.ChoiceField(
        label=_("Loại"), required=False, choices=[("", _("Tất cả")), *RequestKind.choices]
    )

    WAITING = (RequestState.SUBMITTED, RequestState.VERIFIED, RequestState.APPROVED)

    def narrow(self, found: QuerySet[CertificateRequest]) -> QuerySet[CertificateRequest]:
        """Return the requests that the filter asks for."""
        self.is_valid()
        wanted = self.cleaned_data
        for word in directory.plain(wanted.get("q", "")).split():
            found = found.filter(
                Q(person__search_text__contains=word)
                | Q(organization__search_text__contains=word)
                | Q(subject__serial__icontains=word)
            )
        state = wanted.get("state", "")
        if not state:
            waiting = Q(state__in=[one.value for one in self.WAITING])
            found = found.filter(waiting | AWAITS_SECOND)
        elif state == "late":
            undone = Q(state__in=sorted(OPEN)) | AWAITS_SECOND
            found = found.filter(undone, due_at__lt=timezone.now())
        elif state != "all":
            found = found.filter(state=state)
        if wanted.get("kind"):
            found = found.filter(kind=wanted["kind"])
        return found
