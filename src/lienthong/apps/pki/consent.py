"""What a page asks for when somebody signs: by where the key lies, a PIN, a code, or the agent."""

from __future__ import annotations

from typing import Any, Self

from django import forms
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _

from lienthong.apps.pki.devices import is_opened_by_node, title_of
from lienthong.apps.pki.models import Key
from lienthong.apps.pki.rules import KeyPlace
from lienthong.apps.pki.signers import Consent
from lienthong.core.signing.agent import Pending

ANSWER_LENGTH_MAX = 20_000
_PIN_LABELS = {
    KeyPlace.FILE: _("Mã PIN của khóa ký"),
    KeyPlace.TOKEN: _("Mã PIN của thiết bị ký"),
    KeyPlace.REMOTE: _("Mã PIN tại dịch vụ ký số"),
}


def asks_agent(request: HttpRequest) -> bool:
    """Whether the page's script asks what the agent is to sign, before anything is signed."""
    return request.headers.get("X-Signing-Step") == "ask"


def for_agent(pending: Pending) -> JsonResponse:
    """What the page's script hands to the agent."""
    return JsonResponse(pending.for_agent())


class ConsentForm(forms.Form):
    """PIN, one-time code or the agent's answer: what one use of a key needs. Kept nowhere."""

    pin = forms.CharField(
        max_length=128, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    otp = forms.CharField(
        label=_("Mã xác nhận một lần (OTP)"),
        max_length=16,
        help_text=_("Mã mới trong ứng dụng của dịch vụ ký số; mỗi mã dùng một lần."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    answer = forms.CharField(
        max_length=ANSWER_LENGTH_MAX, required=False, widget=forms.HiddenInput()
    )

    def __init__(
        self,
        *args: Any,
        place: KeyPlace = KeyPlace.FILE,
        device: str = "",
        label: Any = None,
        **named: Any,
    ) -> None:
        super().__init__(*args, **named)
        self.place, self.device = place, device
        self.fields["pin"].label = label or _PIN_LABELS.get(place, "")
        if place is KeyPlace.BROWSER:
            del self.fields["pin"], self.fields["otp"]
        else:
            del self.fields["answer"]
        if is_opened_by_node(place, device):
            del self.fields["pin"]
        if place in {KeyPlace.FILE, KeyPlace.TOKEN}:
            del self.fields["otp"]
        for field in self.fields.values():
            field.error_messages["required"] = _("Hãy nhập.")

    @classmethod
    def for_key(cls, key: Key | None, data: Any = None) -> Self:
        """The form for a holder's current key."""
        if key is None:
            return cls(data)
        return cls(data, place=KeyPlace(key.place), device=key.device)

    @property
    def where(self) -> str:
        """Where the key lies, in words."""
        return title_of(self.place, self.device)

    @property
    def agent_url(self) -> str:
        """The agent to ask, for a key beside the browser; empty for others."""
        return str(settings.AGENT_URL) if self.place is KeyPlace.BROWSER else ""

    def consent(self) -> Consent:
        """What was given."""
        data = self.cleaned_data
        return Consent(data.get("pin", ""), data.get("otp", ""), data.get("answer", ""))
