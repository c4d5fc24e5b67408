"""Kết nối phần mềm: the administrator makes and revokes tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.forms import day, one_of, say_what_is_missing, seat_id
from lienthong.apps.documents.rest import tokens
from lienthong.web import answers


class TokenForm(forms.Form):
    """What a token is for."""

    name = forms.CharField(label=gettext_lazy("Phần mềm"), max_length=100)
    seat = forms.TypedChoiceField(
        label=gettext_lazy("Làm việc thay vị trí"),
        coerce=seat_id,
        help_text=gettext_lazy("Phần mềm thấy và làm được đúng những gì vị trí này được phép."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Phạm vi"),
        choices=list(tokens.SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    ends_on = day(gettext_lazy("Dùng đến hết ngày"))

    def __init__(self, actor: Actor, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={"ends_on": timezone.localdate() + timedelta(days=365)})
        seat = self.fields["seat"]
        assert isinstance(seat, forms.ChoiceField)  # noqa: S101  the declaration above says so
        seat.choices = one_of(accounts.seats(actor.organization_id))
        self.fields["ends_on"].required = True
        say_what_is_missing(self)


@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """The tokens of the agency, and a form for a new one."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.api_tokens")
    return _show(request, actor, TokenForm(actor))


@never_cache
@require_POST
def token_make(request: HttpRequest) -> HttpResponse:
    """Make a token; its secret is on the answer and nowhere else."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.api_tokens")
    form = TokenForm(actor, request.POST)
    if not form.is_valid():
        return _show(request, actor, form)
    wanted = form.cleaned_data
    _token, secret = tokens.make(
        actor,
        name=wanted["name"],
        seat_id=wanted["seat"],
        scopes=wanted["scopes"],
        ends_on=wanted["ends_on"],
    )
    return _show(request, actor, TokenForm(actor), secret)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token now."""
    tokens.revoke(accounts.actor_of(request), pk)
    messages.success(request, _("Đã thu hồi mã truy cập; phần mềm dùng mã này bị từ chối từ nay."))
    return redirect("documents:connections")


def _show(request: HttpRequest, actor: Actor, form: TokenForm, secret: str = "") -> HttpResponse:
    context = {
        "form": form,
        "secret": secret,
        "tokens": tokens.tokens_of(actor),
        "scopes": tokens.SCOPES,
        "today": timezone.localdate(),
    }
    return answers.form_page(request, "documents/connections.html", context, is_bound=form.is_bound)
