"""Pages about certificates. Each one finds, reads what was typed, acts, answers."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Paginator
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
from lienthong.apps.pki.contract import ISSUING, RequestKind
from lienthong.apps.pki.models import CertificateRequest
from lienthong.apps.pki.registration import (
    asking,
    bulk,
    deciding,
    emergency,
    forms,
    panels,
    queries,
    sending,
    status_requests,
    taking_over,
)
from lienthong.apps.pki.registration.rules import (
    AuthorityUnreachable,
    CertificateUnknownHere,
    RegistrationNotFound,
    RequestState,
)
from lienthong.apps.pki.usable import state_of
from lienthong.web import answers

PAGE_SIZE = 50
CHOSEN_MAX = 200


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Chứng thư của tôi: what one has, until when, and what is under way."""
    actor = accounts.actor_of(request)
    keeps_seal = bool(actor.roles & {Role.CLERK, Role.LEADER})
    context = {
        "cards": _cards(queries.my_certificates(actor)),
        "agency_cards": _cards(queries.agency_certificates(actor)) if keeps_seal else [],
        "requests": queries.my_requests(actor)[:PAGE_SIZE],
        "now": timezone.now(),
    }
    return render(request, "pki/mine.html", context)


def _cards(certificates: object) -> list[dict[str, object]]:
    now = timezone.now()
    return [
        {
            "certificate": one,
            "found": state_of(one, now),
            "is_current": hasattr(one, "key") and one.key.is_current,
            "days_left": (one.not_after - now).days,
        }
        for one in certificates  # type: ignore[attr-defined]
    ]


@sensitive_post_parameters("pin", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, kind: str) -> HttpResponse:
    """A new request of the kind named in the address."""
    actor = accounts.actor_of(request)
    wanted = _kind(kind)
    form = _request_form(request, actor, wanted)
    if not form.is_valid():
        return _show_ask(request, actor, wanted, form)
    with transaction.atomic():
        made = asking.enter(actor, form.wish(), form.cleaned_data.get("papers") or ())
        if wanted in ISSUING:
            made = asking.make_key_for(actor, made, form.cleaned_data["pin"])
        made = asking.submit(actor, made)
    messages.success(request, _("Đã gửi yêu cầu tới cán bộ đăng ký chứng thư."))
    return redirect("pki:request", made.pk)


def _kind(text: str) -> RequestKind:
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
        "concerned": _cards([found.certificate]) if found.certificate else [],
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


Act = Callable[[Actor, CertificateRequest], CertificateRequest]


def _plain_move(request: HttpRequest, pk: UUID, act: Act, said: str) -> HttpResponse:
    """A move that asks for nothing more."""
    actor = accounts.actor_of(request)
    act(actor, queries.request(actor, pk))
    messages.success(request, said)
    return redirect("pki:request", pk)


@require_POST
def submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _plain_move(request, pk, asking.submit, _("Đã gửi yêu cầu."))


@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _plain_move(request, pk, deciding.confirm, _("Đã xác nhận yêu cầu."))


@require_POST
def verify(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _plain_move(request, pk, deciding.verify, _("Hồ sơ hợp lệ, chờ ký duyệt."))


@require_POST
def withdraw(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _plain_move(request, pk, asking.withdraw, _("Đã rút yêu cầu."))


@require_POST
def return_request(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give it back with the reason."""
    actor = accounts.actor_of(request)
    found = queries.request(actor, pk)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, actor, found, form)
    deciding.return_request(actor, found, form.cleaned_data["reason"])
    messages.success(request, _("Đã trả lại; người lập thấy lý do."))
    return _next(actor, found)


@require_POST
def deliver(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hand the device over."""
    actor = accounts.actor_of(request)
    found = queries.request(actor, pk)
    form = forms.DeviceForm(request.POST)
    if not form.is_valid():
        return _show(request, actor, found, form)
    taking_over.deliver(actor, found, form.cleaned_data["device_serial"])
    messages.success(request, _("Đã ghi việc giao thiết bị."))
    return redirect("pki:request", pk)


@sensitive_post_parameters("pin")
@require_POST
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign the request and hand it to the authority; then on to the next one that waits."""
    actor = accounts.actor_of(request)
    found = queries.request(actor, pk)
    form = forms.PinForm(request.POST)
    if not form.is_valid():
        return _show(request, actor, found, form)
    approved = deciding.approve(actor, found, form.cleaned_data["pin"])
    _tell(request, _sent(approved))
    return _next(actor, found)


def _sent(request: CertificateRequest) -> CertificateRequest:
    """The request after the authority was asked; when it cannot be reached a job asks again."""
    try:
        return sending.send(request)
    except AuthorityUnreachable:
        return request


def _tell(request: HttpRequest, found: CertificateRequest) -> None:
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


def _next(actor: Actor, done: CertificateRequest) -> HttpResponse:
    """The next request that waits for a registrar, else the list: many a day, few clicks each."""
    waiting = queries.worklist(actor).filter(
        state__in=[RequestState.SUBMITTED, RequestState.VERIFIED]
    )
    following = waiting.exclude(pk=done.pk).first()
    return redirect("pki:request", following.pk) if following else redirect("pki:worklist")


@sensitive_post_parameters("pin")
@require_POST
def accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign the handing-over slip; the new key is in use."""
    actor = accounts.actor_of(request)
    found = queries.request(actor, pk)
    form = panels.accept_form(request.POST)
    if not form.is_valid():
        return _show(request, actor, found, form)
    taking_over.accept(actor, found, form.cleaned_data["pin"])
    messages.success(request, _("Đã nhận chứng thư. Từ bây giờ bạn ký bằng khóa mới."))
    return redirect("pki:mine")


# The registrar


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Đăng ký chứng thư: what waits, the most pressing first, and how it goes."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.register")
    return _show_worklist(request, actor, forms.PinForm())


def _show_worklist(request: HttpRequest, actor: Actor, form: django_forms.Form) -> HttpResponse:
    narrowing = forms.WorklistFilter(request.GET)
    found = narrowing.narrow(queries.worklist(actor))
    now = timezone.now()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang"))
    context = {
        "page": page,
        "may_choose": any(one.state == RequestState.VERIFIED for one in page.object_list),
        "filter": narrowing,
        "form": form,
        "statistics": queries.statistics(actor, now),
        "now": now,
    }
    return answers.form_page(request, "pki/worklist.html", context, is_bound=form.is_bound)


@sensitive_post_parameters("pin")
@require_POST
def approve_chosen(request: HttpRequest) -> HttpResponse:
    """Sign every request marked in the list; one that cannot be does not stop the others."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.register")
    waiting = queries.worklist(actor).filter(state=RequestState.VERIFIED)
    form = forms.ChosenForm(waiting, request.POST)
    if not form.is_valid():
        messages.error(request, _("Hãy đánh dấu yêu cầu đã kiểm tra hồ sơ và nhập mã PIN."))
        return _show_worklist(request, actor, forms.PinForm())
    chosen = list(form.cleaned_data["chosen"][:CHOSEN_MAX])
    approved, failures = bulk.approve_many(actor, chosen, form.cleaned_data["pin"])
    sent = [_sent(one) for one in approved]
    messages.success(request, _("Đã ký duyệt %(count)d yêu cầu.") % {"count": len(sent)})
    for failure in failures:
        messages.error(request, f"{failure['holder']}: {failure['text']}")
    return redirect("pki:worklist")


@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """The certificates of the agencies below, to look one up."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.register")
    wanted = request.GET.get("q", "").strip()[:200]
    found = queries.certificates_below(actor, wanted)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang"))
    context = {"page": page, "cards": _cards(page.object_list), "q": wanted}
    return render(request, "pki/certificates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, certificate_id: int, kind: str) -> HttpResponse:
    """The registrar asks to revoke, hold or release somebody's certificate; another approves."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.register")
    wanted = _kind(kind)
    certificate = queries.certificates_below(actor, "").filter(pk=certificate_id).first()
    if certificate is None or wanted in ISSUING:
        raise CertificateUnknownHere
    form = forms.StatusForm(
        actor, wanted, [certificate], request.POST or None, initial={"certificate": certificate_id}
    )
    if not form.is_valid():
        context = {"form": form, "kind": wanted, "certificate": certificate, "issues": False}
        return answers.form_page(request, "pki/request_form.html", context, is_bound=form.is_bound)
    made = status_requests.ask_about(actor, certificate, form.wish())
    messages.success(request, _("Đã lập yêu cầu. Một người khác cần duyệt."))
    return redirect("pki:request", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def tables(request: HttpRequest) -> HttpResponse:
    """Tables of many requests: those known, and a new one."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.register")
    form = forms.TableForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        context = {"form": form, "tables": queries.tables(actor)[:PAGE_SIZE]}
        return answers.form_page(request, "pki/tables.html", context, is_bound=form.is_bound)
    file = form.cleaned_data["file"]
    table = bulk.enter_table(actor, file.name, file.read())
    messages.success(
        request,
        _("%(good)d dòng thành yêu cầu, %(bad)d dòng không dùng được.")
        % {"good": table.row_count - len(table.failures), "bad": len(table.failures)},
    )
    return redirect("pki:table", table.pk)


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "HEAD", "POST"])
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """One table: its rows, those that failed, and its approval as one act."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.register")
    found = queries.tables(actor).filter(pk=pk).first()
    if found is None:
        raise RegistrationNotFound
    form = forms.PinForm(request.POST or None)
    if not form.is_valid():
        context = {
            "table": found,
            "form": form,
            "requests": found.requests.select_related("person")[: bulk.ROWS_MAX],
            "waiting": found.requests.filter(state__in=["submitted", "verified"]).count(),
        }
        return answers.form_page(request, "pki/table.html", context, is_bound=form.is_bound)
    outcome = bulk.approve_table(actor, found, form.cleaned_data["pin"])
    messages.success(
        request, _("Đã ký duyệt %(count)d yêu cầu trong bảng.") % {"count": outcome.approved}
    )
    for failure in outcome.failures[:20]:
        messages.error(request, f"{failure['holder']}: {failure['text']}")
    return redirect("pki:table", pk)
