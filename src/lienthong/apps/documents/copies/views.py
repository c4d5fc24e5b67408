"""Electronic copies on the pages of a document: make one, read one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import panels
from lienthong.apps.documents.copies import forms, making
from lienthong.apps.documents.copies import queries as copies_queries
from lienthong.apps.documents.incoming import queries as incoming_queries
from lienthong.apps.documents.incoming import views as incoming_views
from lienthong.apps.documents.models import Document
from lienthong.apps.documents.outgoing import queries as outgoing_queries
from lienthong.apps.documents.outgoing import views as outgoing_views
from lienthong.apps.pki import api as pki
from lienthong.web import answers


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def incoming_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sao y, trích sao of a document that arrived; sao lục of a copy."""
    actor = accounts.actor_of(request)
    document = incoming_queries.incoming(actor, pk)
    form = _form(request, actor)
    if not form.is_valid():
        return incoming_views.show_incoming(request, actor, document, form)
    return _made(request, actor, document, form) or redirect("documents:incoming_detail", pk)


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def outgoing_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sao y, trích sao of a document that we issued."""
    actor = accounts.actor_of(request)
    document = outgoing_queries.outgoing(actor, pk)
    form = _form(request, actor)
    if not form.is_valid():
        return outgoing_views.show_outgoing(request, actor, document, form)
    return _made(request, actor, document, form) or redirect("documents:outgoing_detail", pk)


@require_safe
def incoming_file(request: HttpRequest, pk: UUID, copy: int) -> HttpResponse:
    document = incoming_queries.incoming(accounts.actor_of(request), pk)
    name, pdf = copies_queries.copy_file(document, copy)
    return answers.inline_pdf(pdf, name)


@require_safe
def outgoing_file(request: HttpRequest, pk: UUID, copy: int) -> HttpResponse:
    document = outgoing_queries.outgoing(accounts.actor_of(request), pk)
    name, pdf = copies_queries.copy_file(document, copy)
    return answers.inline_pdf(pdf, name)


def _form(request: HttpRequest, actor: accounts.Actor) -> forms.CopyForm:
    return forms.CopyForm.for_key(panels.key_of(pki.KeyKind.AGENCY, actor), request.POST)


def _made(
    request: HttpRequest, actor: accounts.Actor, document: Document, form: forms.CopyForm
) -> HttpResponse | None:
    """Make the copy; an answer only for a key beside the browser, which is asked first."""
    wanted = form.wanted()
    if pki.asks_agent(request):
        return pki.for_agent(making.ask_copy(actor, document, wanted))
    making.make_copy(actor, document, wanted, form.consent())
    done = _("Đã ký số bản sao “%(kind)s”. Tải về ở mục Bản sao điện tử.")
    messages.success(request, done % {"kind": wanted.kind.label})
    return None
