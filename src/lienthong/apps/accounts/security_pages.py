"""The person's own security: second factor, devices, password; and proving oneself once more."""

from __future__ import annotations

import base64

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import devices, forms, passkeys, proofs, providers, rules, sessions
from lienthong.apps.accounts.events import ProofChanged
from lienthong.apps.accounts.models import Authenticator, Identity, Person, SessionRecord
from lienthong.apps.accounts.rules import Factor
from lienthong.apps.accounts.throttle import Try, address_of, begin, forgive
from lienthong.apps.accounts.views import following_page
from lienthong.apps.outbox import api as outbox
from lienthong.core.errors import Problem
from lienthong.web import answers, pages

STEP_TEMPLATE = "accounts/second_step.html"
REFUSALS = (rules.ProofRefused, rules.SignInThrottled, rules.NoSeat)


def person_of(request: HttpRequest) -> Person:
    """Whose session this is. Raises NotSignedIn."""
    if not isinstance(request.user, Person) or request.seat is None:  # type: ignore[attr-defined]
        raise rules.NotSignedIn
    return request.user


# Proving


@login_not_required
@sensitive_post_parameters("code", "answer")
@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The second factor of somebody who gave the right password."""
    try:
        person = sessions.awaited(request)
    except rules.StepExpired:
        return redirect("accounts:sign_in")
    following = following_page(request)
    if request.method != "POST":
        return _ask(request, person, following)
    form = forms.ProofForm(request.POST)
    try:
        factor, attempt = _proof(request, person, form)
        sessions.enter(request, person, factor, attempt)
    except REFUSALS as refusal:
        return _ask(request, person, following, refusal)
    return devices.remember(request, redirect(following))


@sensitive_post_parameters("code", "answer", "password")
@never_cache
@require_http_methods(["GET", "POST"])
def step_up(request: HttpRequest) -> HttpResponse:
    """Prove oneself once more before a sensitive act (TM-X-07)."""
    person, following = person_of(request), following_page(request)
    if request.method != "POST":
        return _ask(request, person, following, is_step_up=True)
    form = forms.ProofForm(request.POST)
    try:
        factor, attempt = _proof(request, person, form)
    except REFUSALS as refusal:
        return _ask(request, person, following, refusal, is_step_up=True)
    forgive(attempt)
    sessions.prove(request, factor)
    return redirect(following)


def _proof(request: HttpRequest, person: Person, form: forms.ProofForm) -> tuple[Factor, Try]:
    """What the form proves. Raises SignInThrottled, ProofRefused, StepExpired."""
    attempt = begin(f"factor of {person.pk}", address_of(request))
    if not form.is_valid():
        raise rules.ProofRefused
    given = form.cleaned_data
    if given["answer"]:
        return passkeys.prove(request, person, given["answer"]), attempt
    if Authenticator.objects.filter(person=person).exists():
        return proofs.use_code(person, given["code"]), attempt
    if not given["password"] or not person.check_password(given["password"]):
        raise rules.ProofRefused
    return Factor.PASSWORD, attempt


def _ask(
    request: HttpRequest,
    person: Person,
    following: str,
    problem: Problem | None = None,
    *,
    is_step_up: bool = False,
) -> HttpResponse:
    held = set(Authenticator.objects.filter(person=person).values_list("factor", flat=True))
    context = {
        "options": passkeys.ask_to_prove(request, person),
        "has_application": Factor.TOTP in held,
        "wants_password": not held,
        "is_step_up": is_step_up,
        "person": person,
        "next": following,
        "problem": pages.sentence(problem) if problem else "",
    }
    return render(request, STEP_TEMPLATE, context, status=problem.status if problem else 200)


# One's own security


@never_cache
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Bảo mật tài khoản: second factors, recovery codes, identities, sessions."""
    person = person_of(request)
    context = {
        "authenticators": Authenticator.objects.filter(person=person),
        "codes_left": proofs.codes_left(person),
        "identities": Identity.objects.filter(person=person),
        "providers": providers.shown(),
        "open_sessions": [_session(request, each) for each in devices.sessions_of(person)],
        "lacks": request.lacks,  # type: ignore[attr-defined]
        "needs_passkey": request.seat.role in rules.PASSKEY_ROLES,  # type: ignore[attr-defined]
    }
    return render(request, "accounts/security.html", context)


def _session(request: HttpRequest, record: SessionRecord) -> dict[str, object]:
    return {
        "record": record,
        "name": devices.public_name(record),
        "is_this": record.pk == request.session.session_key,
    }


@never_cache
@sensitive_post_parameters("code")
@sensitive_variables("secret", "form")
@require_http_methods(["GET", "POST"])
def add_application(request: HttpRequest) -> HttpResponse:
    """Register an application that makes codes; the secret stays in the session until then."""
    person = person_of(request)
    sessions.check_fresh(request)
    form = forms.ApplicationForm(request.POST or None, initial={"name": _("Điện thoại")})
    if request.method != "POST":
        request.session["new_secret"] = proofs.new_secret()
    secret = request.session.get("new_secret", "")
    if not secret:
        raise rules.StepExpired
    if form.is_valid():
        try:
            proofs.add_application(
                person, secret, form.cleaned_data["code"], form.cleaned_data["name"]
            )
        except rules.AuthenticatorRefused:
            form.add_error("code", _("Mã không đúng. Hãy kiểm tra giờ trên điện thoại."))
        else:
            del request.session["new_secret"]
            return _added(request, person, Factor.TOTP, form.cleaned_data["name"])
    address = proofs.address(person, secret)
    context = {
        "form": form,
        "picture": base64.b64encode(proofs.picture(address)).decode("ascii"),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }
    return answers.form_page(
        request, "accounts/add_application.html", context, is_bound=form.is_bound
    )


@never_cache
@require_http_methods(["GET", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Register a key of WebAuthn: in the device itself or a security key."""
    person = person_of(request)
    sessions.check_fresh(request)
    form = forms.PasskeyForm(request.POST or None, initial={"name": devices.name_of(request)})
    if form.is_valid():
        passkeys.register(request, person, form.cleaned_data["answer"], form.cleaned_data["name"])
        return _added(request, person, Factor.PASSKEY, form.cleaned_data["name"])
    context = {"form": form, "options": passkeys.ask_to_register(request, person)}
    return answers.form_page(request, "accounts/add_passkey.html", context, is_bound=form.is_bound)


def _added(request: HttpRequest, person: Person, factor: Factor, name: str) -> HttpResponse:
    """The session is proved by what was just shown; the first factor comes with recovery codes."""
    with transaction.atomic():
        sessions.prove(request, factor)
        _tell(request, f"{factor.value}_added", name)
        codes = [] if proofs.codes_left(person) else proofs.new_recovery_codes(person)
    messages.success(request, _("Đã thêm phương tiện xác thực “%(name)s”.") % {"name": name})
    if codes:
        return render(request, "accounts/recovery_codes.html", {"codes": codes})
    return redirect("accounts:security")


@require_POST
def remove_authenticator(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove an application or a key."""
    person = person_of(request)
    sessions.check_fresh(request)
    with transaction.atomic():
        removed = proofs.remove(person, pk)
        _tell(request, f"{removed.factor}_removed", removed.name)
    messages.success(request, _("Đã bỏ phương tiện xác thực “%(name)s”.") % {"name": removed.name})
    return redirect("accounts:security")


@never_cache
@require_POST
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes in place of those before, shown once."""
    person = person_of(request)
    sessions.check_fresh(request)
    with transaction.atomic():
        codes = proofs.new_recovery_codes(person)
        _tell(request, "recovery_codes_renewed", "")
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one other session, or all others."""
    person = person_of(request)
    own = request.session.session_key
    wanted = request.POST.get("session", "")
    found = [each.pk for each in devices.sessions_of(person) if devices.public_name(each) == wanted]
    if wanted and (not found or found[0] == own):
        raise rules.SessionUnknown
    with transaction.atomic():
        number = devices.end_sessions(person, key=found[0]) if wanted else 0
        number += 0 if wanted else devices.end_sessions(person, keep=own)
        _tell(request, "sessions_ended", str(number))
    messages.success(request, _("Đã kết thúc %(number)s phiên khác.") % {"number": number})
    return redirect("accounts:security")


@never_cache
@sensitive_post_parameters()
@sensitive_variables("form")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; every other session ends."""
    person = person_of(request)
    form = forms.PasswordForm(person, request.POST or None)
    if form.is_bound:
        attempt = begin(f"password of {person.pk}", address_of(request))
    if form.is_valid():
        forgive(attempt)
        with transaction.atomic():
            person.set_password(form.cleaned_data["wanted"])
            person.password_is_given = False
            person.save(update_fields=["password", "password_is_given"])
            devices.end_sessions(person, keep=request.session.session_key)
            before = request.session.session_key
            update_session_auth_hash(request, person)
            SessionRecord.objects.filter(pk=before).update(session_key=request.session.session_key)
            _tell(request, "password_changed", "")
        messages.success(request, _("Đã đổi mật khẩu. Các phiên khác đã kết thúc."))
        return redirect("accounts:security")
    return answers.form_page(
        request, "accounts/password.html", {"form": form}, is_bound=form.is_bound
    )


def _tell(request: HttpRequest, act: str, detail: str) -> None:
    seat = request.seat  # type: ignore[attr-defined]
    outbox.publish(ProofChanged(seat.organization_id, seat.pk, act, detail, timezone.now()))
