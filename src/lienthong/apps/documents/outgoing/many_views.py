"""Several documents signed at once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import panels
from lienthong.apps.documents.outgoing import queries, signing_many
from lienthong.apps.pki import api as pki
from lienthong.web import answers


@sensitive_post_parameters("pin", "otp", "answer")
@require_http_methods(["GET", "HEAD", "POST"])
def outgoing_sign_many(request: HttpRequest) -> HttpResponse:
    """What waits for one's signature; those ticked are signed with one PIN."""
    actor = accounts.actor_of(request)
    waiting = list(queries.awaiting_signature_of(actor)[: signing_many.MANY_MAX])
    key = panels.key_of(pki.KeyKind.PERSON, actor)
    form = pki.ConsentForm.for_key(key, request.POST or None)
    chosen = set(request.POST.getlist("documents"))
    if not form.is_valid():
        context = {
            "documents": waiting,
            "form": form,
            "chosen": chosen or {str(document.pk) for document in waiting},
            "may_sign_many": signing_many.may_sign_many(actor),
            "key": panels.key_card(pki.KeyKind.PERSON, actor),
        }
        return answers.form_page(
            request, "documents/outgoing/sign_many.html", context, is_bound=form.is_bound
        )
    ticked = [document for document in waiting if str(document.pk) in chosen]
    for one in signing_many.sign_many(actor, ticked, form.consent()):
        if one.problem is None:
            done = _("Đã ký %(reference)s: %(subject)s")
            facts = {"reference": one.document.reference, "subject": one.document.subject}
            messages.success(request, done % facts)
        else:
            failed = _("Chưa ký được “%(subject)s”: %(why)s")
            facts = {"subject": one.document.subject, "why": one.problem.sentence}
            messages.error(request, failed % facts)
    return redirect("documents:outgoing_sign_many")
