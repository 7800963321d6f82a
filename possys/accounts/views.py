"""The pages of the second factor: the code at a sign-in, setting an authenticator up, recovery codes, taking it off."""

import base64
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import DEVICE_ID_SESSION_KEY

from possys import clock, qr
from possys.accounts import enrolment_links, limits, lockout, sealing, second_factor, sign_in
from possys.accounts.forms import CodeForm, NewCodeAndPasswordForm, NewCodeForm, PasswordForm
from possys.accounts.limits import limits_said
from possys.accounts.models import Authenticator, User
from possys.accounts.provisioning import address
from possys.accounts.second_factor import NotProvenError, Proof
from possys.accounts.sign_in import Step
from possys.accounts.site import is_proven

# The key that a page has shown and no code has proven yet; encrypted, since sessions lie in the database.
NEW_KEY = "second_factor_new"
FEW_CODES = 3
GROUP_SYMBOLS = 4
WRONG_CODE = "This code is not right. An app’s code counts for a minute, and once."
WRONG_NEW_CODE = "This is not the code of now. Scan the code above again, and see that the telephone’s clock is right."
WRONG_PASSWORD = "This is not your password."  # noqa: S105 - what is said of a wrong one


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@limits_said
def code(request: HttpRequest) -> HttpResponse:
    """The second step of a sign-in. Wrong codes count like wrong passwords."""
    waiting = sign_in.waiting(request)
    if waiting is None or waiting.step is not Step.CODE:
        return redirect("portal-login")
    form = CodeForm(request.POST or None)
    name = waiting.user.get_username()
    if request.method == "POST":
        limits.count_sign_in(request)
        lockout.check(request, name)
        if form.is_valid():
            proof, own = second_factor.check(waiting.user, form.cleaned_data["code"], now=_now())
            if own is not None and proof is not Proof.WRONG:
                return _signed_in(request, waiting.user, own, waiting.going_to, proof)
            lockout.count_wrong(request, name, what="second factor")
            form.add_error("code", WRONG_CODE)
    context = {"form": form, "person": waiting.user, "is_for_staff": waiting.user.is_staff}
    return render(request, "accounts/code.html", context)


@never_cache
@require_safe
def link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Where an enrolment link leads: to the password, or on when the person is signed in."""
    person = enrolment_links.person_of(uid, token)
    if person is None:
        return render(request, "accounts/link_gone.html", status=410)
    sign_in.open_link(request, person)
    if request.user == person:
        return redirect("second-factor-enrol")
    return redirect_to_login(reverse("second-factor"), reverse("portal-login"))


@never_cache
@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "HEAD", "POST"])
@limits_said
def enrol(request: HttpRequest) -> HttpResponse:
    """Shows a key as a QR code, and makes it the person's authenticator with the first right code."""
    waiting = sign_in.waiting(request)
    is_signing_in = waiting is not None and waiting.step is Step.ENROLMENT and not request.user.is_authenticated
    user: Any = waiting.user if waiting is not None and is_signing_in else request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("portal-login"))
    if not _may_enrol(request, user):
        return render(request, "accounts/needs_link.html", {"is_staff": user.is_staff}, status=403)
    form = (NewCodeForm if is_signing_in else NewCodeAndPasswordForm)(request.POST or None)
    if request.method == "POST" and NEW_KEY in request.session and form.is_valid():
        limits.count_sign_in(request)
        if is_signing_in or is_password(request, user, form):
            try:
                made, codes = second_factor.enrol(user, _new_key(request), form.cleaned_data["code"], now=_now())
            except NotProvenError:
                form.add_error("code", WRONG_NEW_CODE)
            else:
                del request.session[NEW_KEY]
                going_to = waiting.going_to if waiting is not None and is_signing_in else ""
                _proven(request, user, made, is_signing_in=is_signing_in)
                return _codes_page(request, codes, is_new=True, going_to=going_to)
    return _enrol_page(request, user, form)


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What the signed-in person has, and what they can do about it."""
    user = request.user
    if not isinstance(user, User):
        return redirect_to_login(request.get_full_path(), reverse("portal-login"))
    return _overview_page(request, user, PasswordForm())


@never_cache
@sensitive_post_parameters("password")
@require_POST
@limits_said
def renew(request: HttpRequest) -> HttpResponse:
    """New recovery codes, for the password."""
    user = request.user
    if not isinstance(user, User) or not is_proven(request):
        return redirect("second-factor")
    form = PasswordForm(request.POST)
    if not (form.is_valid() and is_password(request, user, form)):
        return _overview_page(request, user, form, status=400)
    return _codes_page(request, second_factor.renew_codes(user), is_new=False, going_to="")


@never_cache
@sensitive_post_parameters("password")
@require_POST
@limits_said
def remove(request: HttpRequest) -> HttpResponse:
    """Takes the second factor off, for the password; not where it is compulsory."""
    user = request.user
    if not isinstance(user, User) or not is_proven(request) or second_factor.is_compulsory(user):
        return redirect("second-factor")
    form = PasswordForm(request.POST)
    if not (form.is_valid() and is_password(request, user, form)):
        return _overview_page(request, user, form, status=400)
    second_factor.remove(user, done_by=user, reason="by themselves")
    update_session_auth_hash(request, user)
    request.session.pop(DEVICE_ID_SESSION_KEY, None)
    messages.success(request, "You sign in with your password alone now. Other browsers were signed out.")
    return redirect("second-factor")


def after_password(request: HttpRequest, user: User, going_to: str) -> HttpResponse:
    """The answer to a right name and password."""
    step = sign_in.begin(request, user, going_to)
    if step is Step.CODE:
        return redirect("second-factor-code")
    if step is Step.ENROLMENT:
        return redirect("second-factor-enrol")
    if step is Step.NO_LINK:
        context = {"is_staff": True, "is_for_staff": True, "name": user.get_username()}
        return render(request, "accounts/needs_link.html", context, status=403)
    return redirect(going_to)


def _signed_in(request: HttpRequest, user: User, own: Authenticator, going_to: str, proof: Proof) -> HttpResponse:
    sign_in.finish(request, user, own)
    if proof is Proof.RECOVERY_CODE:
        left = second_factor.codes_left(user)
        messages.warning(
            request,
            f"You signed in with a recovery code, which is used up now; {left} are left. "
            "If your telephone is lost, set up another one.",
        )
        return redirect("second-factor")
    return redirect(_safe(request, going_to))


def _may_enrol(request: HttpRequest, user: User) -> bool:
    """A first authenticator where it is compulsory takes a link; another one takes the first."""
    if second_factor.authenticator_of(user) is not None:
        return is_proven(request)
    return not second_factor.is_compulsory(user) or sign_in.has_opened_link(request, user)


def is_password(request: HttpRequest, user: User, form: Any) -> bool:
    """Whether it is the person's own; a wrong one counts like one at a sign-in. Raises LimitReachedError."""
    name = user.get_username()
    limits.count_sign_in(request)
    lockout.check(request, name)
    if user.check_password(form.cleaned_data["password"]):
        return True
    lockout.count_wrong(request, name, what="password")
    form.add_error("password", WRONG_PASSWORD)
    return False


def _new_key(request: HttpRequest) -> bytes:
    """The key that this browser is shown, until a code proves it."""
    kept = request.session.get(NEW_KEY)
    try:
        if kept:
            return sealing.opened(bytes.fromhex(kept))
    except sealing.NotOursError:
        pass
    key = sealing.new_key()
    request.session[NEW_KEY] = sealing.sealed(key).hex()
    return key


def _proven(request: HttpRequest, user: User, made: Authenticator, *, is_signing_in: bool) -> None:
    """This session goes on, with the new second factor; all others have ended."""
    if is_signing_in:
        sign_in.finish(request, user, made)
        return
    update_session_auth_hash(request, user)
    request.session.pop(sign_in.LINK_OPENED, None)
    request.session[DEVICE_ID_SESSION_KEY] = made.persistent_id


def _enrol_page(request: HttpRequest, user: User, form: Any) -> HttpResponse:
    key = _new_key(request)
    text = base64.b32encode(key).decode()
    context = {
        "form": form,
        "symbol": qr.symbol(address(user, key)),
        "key": [text[at : at + GROUP_SYMBOLS] for at in range(0, len(text), GROUP_SYMBOLS)],
        "is_another": second_factor.authenticator_of(user) is not None,
        "is_signed_in": request.user.is_authenticated,
        "is_for_staff": user.is_staff,
    }
    return render(request, "accounts/enrol.html", context, status=400 if form.errors else 200)


def _overview_page(request: HttpRequest, user: User, form: PasswordForm, *, status: int = 200) -> HttpResponse:
    own, left = second_factor.authenticator_of(user), second_factor.codes_left(user)
    context = {
        "own": own,
        "codes_left": left,
        "are_few": left <= FEW_CODES,
        "is_compulsory": second_factor.is_compulsory(user),
        "is_proven": is_proven(request),
        "form": form,
        "changes": user.second_factor_changes.select_related("done_by")[:10],
    }
    return render(request, "accounts/overview.html", context, status=status)


def _codes_page(request: HttpRequest, codes: list[str], *, is_new: bool, going_to: str) -> HttpResponse:
    context = {"codes": codes, "is_new": is_new, "going_to": _safe(request, going_to)}
    return render(request, "accounts/codes.html", context)


def _safe(request: HttpRequest, going_to: str) -> str:
    """Only to pages of our own."""
    is_ours = url_has_allowed_host_and_scheme(going_to, {request.get_host()}, require_https=request.is_secure())
    return going_to if is_ours else reverse(settings.LOGIN_REDIRECT_URL)


def _now() -> Any:
    return clock.utc(clock.now_ms())
