"""Pages about one's own certificates and about one request.

Each finds, reads what was typed, acts, answers. What is done to a request is one line here: the
action, its form and what to say (`_move`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.files import api as files
from lienthong.apps.pki.consent import ConsentForm, asks_agent, for_agent
from lienthong.apps.pki.contract import ISSUING, RequestKind
from lienthong.apps.pki.models import CertificateRequest
from lienthong.apps.pki.registration import (
    asking,
    deciding,
    emergency,
    forms,
    panels,
    queries,
    sending,
    taking_over,
)
from lienthong.apps.pki.registration.rules import (
    AuthorityUnreachable,
    CertificateUnknownHere,
    RegistrationNotFound,
    RequestState,
)
from lienthong.apps.pki.rules import KeyPlace
from lienthong.apps.pki.signers import Consent
from lienthong.core.signing.agent import Pending
from lienthong.web import answers

PAGE_SIZE = 50


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Chứng thư của tôi: what one has, until when, and what is under way."""
    actor = accounts.actor_of(request)
    keeps_seal = bool(actor.roles & {Role.CLERK, Role.LEADER})
    context = {
        "cards": panels.cards(queries.my_certificates(actor)),
        "agency_cards": panels.cards(queries.agency_certificates(actor)) if keeps_seal else [],
        "requests": queries.my_requests(actor)[:PAGE_SIZE],
        "now": timezone.now(),
    }
    return render(request, "pki/mine.html", context)


@sensitive_post_parameters("pin", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, kind: str) -> HttpResponse:
    """A new request of the kind named in the address."""
    actor = accounts.actor_of(request)
    wanted = kind_named(kind)
    form = _request_form(request, actor, wanted)
    if not form.is_valid():
        return _show_ask(request, actor, wanted, form)
    wish = form.wish()
    with transaction.atomic():
        made = asking.enter(actor, wish, form.cleaned_data.get("papers") or ())
        if wish.key_place is not KeyPlace.FILE:  # made on the next page, where the key will stay
            return redirect("pki:request", made.pk)
        if wanted in ISSUING:
            made = asking.make_key_for(actor, made, form.cleaned_data["pin"])
        made = asking.submit(actor, made)
    messages.success(request, _("Đã gửi yêu cầu tới cán bộ đăng ký chứng thư."))
    return redirect("pki:request", made.pk)


@sensitive_post_parameters("pin", "otp")
@require_POST
def make_key(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make the key in its device, at its service, or take the request it made; hand it in."""
    actor = accounts.actor_of(request)
    found = queries.request(actor, pk)
    form = panels.key_form(actor, found, request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, actor, found, form)
    with transaction.atomic():
        if isinstance(form, forms.CsrForm):
            found = asking.take_csr(actor, found, form.cleaned_data["der"])
        elif isinstance(form, ConsentForm):
            credential = form.cleaned_data.get("credential", "")
            found = asking.make_key_for(actor, found, form.consent(), credential=credential)
        asking.submit(actor, found)
    messages.success(request, _("Đã tạo khóa và gửi yêu cầu tới cán bộ đăng ký chứng thư."))
    return redirect("pki:request", pk)


def kind_named(text: str) -> RequestKind:
    """The kind in an address. Raises RegistrationNotFound."""
    try:
        return RequestKind(text)
    except ValueError as error:
        raise RegistrationNotFound from error


def _request_form(
    request: HttpRequest, actor: Actor, kind: RequestKind
) -> forms.IssueForm | forms.StatusForm:
    held = [*queries.my_certificates(actor).filter(key__is_current=True)]
    if actor.roles & {Role.CLERK, Role.LEADER}:
        held += queries.agency_certificates(actor).filter(key__is_current=True)
    make = forms.IssueForm if kind in ISSUING else forms.StatusForm
    initial = {"certificate": request.GET.get("chung-thu", "")}
    return make(
        actor, kind, held, data=request.POST or None, files=request.FILES or None, initial=initial
    )


def _show_ask(
    request: HttpRequest, actor: Actor, kind: RequestKind, form: django_forms.Form
) -> HttpResponse:
    seat = accounts.seats(actor.organization_id).filter(pk=actor.seat_id).first()
    context = {"form": form, "kind": kind, "seat": seat, "issues": kind in ISSUING}
    return answers.form_page(request, "pki/request_form.html", context, is_bound=form.is_bound)


@require_http_methods(["GET", "HEAD", "POST"])
def report_loss(request: HttpRequest, certificate_id: int) -> HttpResponse:
    """Báo mất: the certificate is held at once, without asking anybody first."""
    actor = accounts.actor_of(request)
    certificate = queries.my_certificates(actor).filter(pk=certificate_id).first()
    if certificate is None:
        raise CertificateUnknownHere
    form = forms.LossForm(request.POST or None)
    if not form.is_valid():
        context = {"form": form, "certificate": certificate}
        return answers.form_page(request, "pki/report_loss.html", context, is_bound=form.is_bound)
    made = emergency.report_loss(
        actor,
        certificate.pk,
        ground=form.cleaned_data["ground"],
        reason=form.cleaned_data["reason"],
    )
    messages.success(
        request, _("Chứng thư đã tạm dừng trên hệ thống này và cán bộ đăng ký đã được báo.")
    )
    return redirect("pki:request", made.pk)


@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request: what the certificate will say, the papers, the checks, what to do now."""
    actor = accounts.actor_of(request)
    return _show(request, actor, queries.request(actor, pk))


def _show(
    request: HttpRequest,
    actor: Actor,
    found: CertificateRequest,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    context = {
        "found": found,
        "panels": panels.panels(actor, found, form),
        "steps": found.steps.select_related("seat__person"),
        "evidence": found.evidence.all(),
        "concerned": panels.cards([found.certificate]) if found.certificate else [],
        "is_registrar": accounts.can(actor, "pki.register", found.at_authority),
        "now": timezone.now(),
    }
    return answers.form_page(request, "pki/request_detail.html", context, is_bound=form is not None)


@require_safe
def evidence(request: HttpRequest, pk: UUID, paper: int) -> HttpResponse:
    """A paper of a request: a PDF is shown in a sandbox, a picture is downloaded."""
    found = queries.request(accounts.actor_of(request), pk)
    kept = found.evidence.filter(pk=paper).first()
    if kept is None:
        raise RegistrationNotFound
    return answers.BY_TYPE.get(kept.content_type, answers.download)(
        files.get(kept.sha256), kept.name
    )


@require_safe
def slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The signed handing-over slip."""
    found = queries.request(accounts.actor_of(request), pk)
    if not found.slip:
        raise RegistrationNotFound
    return answers.download(found.slip.encode("ascii"), f"phieu-giao-nhan-{found.pk}.jws")


Act = Callable[..., CertificateRequest]
Tell = Callable[[HttpRequest, CertificateRequest], None]
Then = Callable[[Actor, CertificateRequest], HttpResponse]


def _says(text: str) -> Tell:
    """Tell that it was done."""
    return lambda request, done: messages.success(request, text)


def _stay(actor: Actor, done: CertificateRequest) -> HttpResponse:
    return redirect("pki:request", done.pk)


def _next(actor: Actor, done: CertificateRequest) -> HttpResponse:
    """The next request that waits for a registrar, else the list: many a day, few clicks each."""
    waiting = queries.worklist(actor).filter(
        state__in=[RequestState.SUBMITTED, RequestState.VERIFIED]
    )
    following = waiting.exclude(pk=done.pk).first()
    return redirect("pki:request", following.pk) if following else redirect("pki:worklist")


def _move(
    request: HttpRequest,
    pk: UUID,
    act: Act,
    tell: Tell,
    *,
    form_of: Callable[..., django_forms.Form] | None = None,
    then: Then = _stay,
) -> HttpResponse:
    """Find the request, read the form of its panel, act, tell, and go on.

    act: called with the actor, the request and the fields of the form by name.
    """
    actor = accounts.actor_of(request)
    found = queries.request(actor, pk)
    form = form_of(request.POST) if form_of else None
    if form is not None and not form.is_valid():
        return _show(request, actor, found, form)
    done = act(actor, found, **(form.cleaned_data if form else {}))
    tell(request, done)
    return then(actor, done)


def _signed_move(
    request: HttpRequest,
    pk: UUID,
    act: Act,
    tell: Tell,
    *,
    ask: Callable[[Actor, CertificateRequest], Pending],
    form_of: Callable[..., ConsentForm],
    then: Then,
) -> HttpResponse:
    """As `_move`, for an act with a key that may lie anywhere; `ask` is for one at the browser."""
    actor = accounts.actor_of(request)
    found = queries.request(actor, pk)
    if asks_agent(request):
        return for_agent(ask(actor, found))
    form = form_of(actor, found, request.POST)
    if not form.is_valid():
        return _show(request, actor, found, form)
    done = act(actor, found, form.consent())
    tell(request, done)
    return then(actor, done)


@require_POST
def submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _move(request, pk, asking.submit, _says(_("Đã gửi yêu cầu.")))


@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _move(request, pk, deciding.confirm, _says(_("Đã xác nhận yêu cầu.")))


@require_POST
def verify(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _move(request, pk, deciding.verify, _says(_("Hồ sơ hợp lệ, chờ ký duyệt.")))


@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _move(request, pk, asking.withdraw, _says(_("Đã rút yêu cầu.")))


@require_POST
def return_request(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give it back with the reason; then the next one."""
    tell = _says(_("Đã trả lại; người lập thấy lý do."))
    return _move(request, pk, deciding.return_request, tell, form_of=forms.ReasonForm, then=_next)


@require_POST
def deliver(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand the device over."""
    tell = _says(_("Đã ghi việc giao thiết bị."))
    return _move(request, pk, taking_over.deliver, tell, form_of=forms.DeviceForm)


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign the request and hand it to the authority; then the next one."""

    def act(actor: Actor, found: CertificateRequest, consent: Consent) -> CertificateRequest:
        return sent(deciding.approve(actor, found, consent))

    return _signed_move(
        request,
        pk,
        act,
        _tell_answer,
        ask=deciding.ask_approval,
        form_of=panels.approve_form,
        then=_next,
    )


@sensitive_post_parameters("pin")
@require_POST
def second(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stand by an emergency hold as the second person, and tell the authority."""

    def act(actor: Actor, found: CertificateRequest, pin: str) -> CertificateRequest:
        confirmed = emergency.confirm(actor, found, pin)
        with suppress(AuthorityUnreachable):  # a job sends it again
            if confirmed.state == RequestState.DONE:
                return emergency.send_confirmation(confirmed)
        return confirmed

    tell = _says(_("Đã xác nhận việc tạm dừng."))
    return _move(request, pk, act, tell, form_of=forms.PinForm)


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign the handing-over slip; the new key is in use."""
    tell = _says(_("Đã nhận chứng thư. Từ bây giờ bạn ký bằng khóa mới."))
    return _signed_move(
        request,
        pk,
        taking_over.accept,
        tell,
        ask=taking_over.ask_acceptance,
        form_of=panels.accept_form,
        then=lambda actor, done: redirect("pki:mine"),
    )


def sent(request: CertificateRequest) -> CertificateRequest:
    """The request after the authority was asked; when it cannot be reached a job asks again."""
    try:
        return sending.send(request)
    except AuthorityUnreachable:
        return request


def _tell_answer(request: HttpRequest, found: CertificateRequest) -> None:
    holder = {"holder": found.holder}
    if found.state == RequestState.APPROVED:
        messages.warning(
            request,
            _("Đã duyệt cho %(holder)s. Chưa kết nối được tổ chức cấp; hệ thống tự gửi lại.")
            % holder,
        )
    elif found.state == RequestState.VERIFIED:
        reason = (found.refusal or {}).get("reason", "")
        messages.error(request, _("Tổ chức cấp từ chối: %(reason)s") % {"reason": reason})
    elif found.state == RequestState.DONE:
        messages.success(request, _("Đã thực hiện yêu cầu về %(holder)s.") % holder)
    else:
        messages.success(
            request, _("Đã cấp chứng thư cho %(holder)s; chờ người được cấp nhận.") % holder
        )
