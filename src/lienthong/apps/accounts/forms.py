"""What a person fills in to sign in, to prove themself, and to take another seat."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.models import Person


class SignInForm(forms.Form):
    """Username and password."""

    username = forms.CharField(
        label=_("Tên đăng nhập"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Mật khẩu"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class SeatForm(forms.Form):
    """The seat to act from: one's own, or by a delegation another's."""

    seat = forms.IntegerField(min_value=1, required=False)
    delegation = forms.IntegerField(min_value=1, required=False)


class ProofForm(forms.Form):
    """A second factor: a code, or the answer of a key; for a step-up without one, the password."""

    code = forms.CharField(
        label=_("Mã xác thực hoặc mã dự phòng"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "none"}),
    )
    answer = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)
    password = forms.CharField(
        label=_("Mật khẩu"),
        max_length=1024,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NameForm(forms.Form):
    """What the person calls an authenticator."""

    name = forms.CharField(label=_("Tên gọi"), max_length=60)


class ApplicationForm(NameForm):
    """The first code of an application that makes codes."""

    code = forms.CharField(
        label=_("Mã 6 số ứng dụng đang hiện"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class PasskeyForm(NameForm):
    """The key that the browser made."""

    answer = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


class PasswordForm(forms.Form):
    """Another password in place of the present one (TM-X-02)."""

    present = forms.CharField(
        label=_("Mật khẩu hiện tại"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    wanted = forms.CharField(
        label=_("Mật khẩu mới"),
        max_length=1024,
        strip=False,
        help_text=_("Ít nhất 15 ký tự; một câu dễ nhớ là tốt nhất."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Nhập lại mật khẩu mới"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, person: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or {}
        present, wanted = entered.get("present"), entered.get("wanted")
        if present is not None and not self._person.check_password(present):
            self.add_error("present", _("Mật khẩu hiện tại không đúng."))
        if wanted is not None and wanted == present:
            self.add_error("wanted", _("Mật khẩu mới phải khác mật khẩu hiện tại."))
        if wanted is not None and wanted != entered.get("again"):
            self.add_error("again", _("Hai lần nhập không giống nhau."))
        if wanted:
            try:
                password_validation.validate_password(wanted, self._person)
            except ValidationError as error:
                self.add_error("wanted", error)
        return entered
