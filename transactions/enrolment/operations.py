"""Enrolment codes are issued and exchanged, credentials renewed: what changes the registry, each change kept as a step.

    staff, retailer  --issue_code-->  code (shown once)  --till: exchange-->  token, key registered, life goes on
                                                           till: renew   -->  the next token and key, with an overlap

Rows are always locked in the same order, terminal before code. When the capture store cannot be reached behind the
commit, RedisError is raised although the registry is changed; the same request again then loads it and is answered.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from transactions.admission import CredentialReplacedError, SenderRefused, admitted
from transactions.enrolment import refusals
from transactions.enrolment.codes import digest, make_code
from transactions.enrolment.requests import Asked
from transactions.life import effective, may_follow
from transactions.loading import load_terminals
from transactions.models import CredentialIssue, EnrolmentCode, Life, RegistryStep, Terminal, TerminalKey
from transactions.operations import EnrolmentError, rotate_locked
from transactions.signatures import fingerprint
from transactions.steps import record_steps, step_of
from transactions.stream import Credential, CredentialKind

# A sheet of codes is printed, sent and used within a fortnight; what lies about longer is found by somebody else.
CODE_DAYS = 14
# So long after an exchange the same request may ask again for the answer it lost; later the code tells nothing more.
REPEAT_HOURS = 24
# Two years need one renewal. More is a fault in the till's program, and each takes one of 65,535 versions.
RENEWALS_A_DAY = 10
# Terminals in one statement.
CHUNK = 2000
# What gets no credential, and so no code either.
OUT_OF_SERVICE = frozenset({Life.SUSPENDED, Life.RETIRED})
BY_TILL = "till"


class Given(NamedTuple):
    """A terminal whose newest credential may be told, with store and retailer; whether it was told before."""

    terminal: Terminal
    is_repeated: bool


def issue_code(terminal: Terminal, *, activates: bool = True, by: str) -> str:
    """A new enrolment code, the only time that it can be read; older ones of the terminal are void.

    The till becomes active by it, or only testing when `activates` is False. Raises EnrolmentError.
    """
    return issue_codes([terminal], activates=activates, by=by)[terminal.number]


def issue_codes(terminals: Iterable[Terminal], *, activates: bool = True, by: str) -> dict[int, str]:
    """A code for each of any number of terminals, by terminal number; for all or, with EnrolmentError, for none."""
    numbers = sorted({terminal.number for terminal in terminals})
    now = timezone.now()
    issued: dict[int, str] = {}
    with transaction.atomic():
        for at in range(0, len(numbers), CHUNK):
            chunk = numbers[at : at + CHUNK]
            locked = _locked(chunk)
            _check_codes_allowed(locked, activates=activates)
            codes = {terminal.number: make_code() for terminal in locked}
            _void_codes(chunk, now)
            EnrolmentCode.objects.bulk_create(
                EnrolmentCode(
                    terminal_id=number,
                    sha256=digest(code.replace("-", "")),
                    activates=activates,
                    made_by=by,
                    expires_at=now + timedelta(days=CODE_DAYS),
                )
                for number, code in codes.items()
            )
            after = "to become active" if activates else "to become testing"
            record_steps([step_of(one, RegistryStep.Kind.CODE, after=after, by=by) for one in locked])
            issued |= codes
    return issued


def exchange(asked: Asked) -> Given:
    """Exchanges an enrolment code for a credential: a new token, the new key, and the next step of the till's life.

    What the terminal had before is void at once, a key included. The same request again gets the same answer for a
    day, as long as nothing newer was issued. Raises Refused, RedisError.
    """
    if asked.faults or asked.symbols is None:
        raise refusals.malformed(asked.faults, _code_refusal(asked.symbols))
    return _loaded(_exchange(asked, asked.symbols))


def renew(credential: Credential, asked: Asked) -> Given:
    """The next token, and the next key when one is asked for; what the till has works on for the days of the overlap.

    The same request again gets the same answer, as long as nothing newer was issued. Raises Refused, RedisError.
    """
    request_sha256 = _sha256(asked)
    with transaction.atomic():
        terminal = terminal_of(credential, is_locked=True)
        if (life := _life_of(terminal)) in OUT_OF_SERVICE | {Life.LOST}:
            raise refusals.not_in_life(life)
        if asked.faults:
            raise refusals.malformed(asked.faults)
        found = CredentialIssue.objects.filter(terminal=terminal, request_sha256=request_sha256).first()
        if found is not None:
            if found.key_version != terminal.key_version:
                raise refusals.request_superseded()
            given = Given(terminal, is_repeated=True)
        else:
            _check_renewals(terminal)
            _renew_key(terminal, asked.public_key)
            _rotate(terminal, timedelta(days=settings.CREDENTIAL_OVERLAP_DAYS), by=BY_TILL)
            given = _give(terminal, request_sha256)
    return _loaded(given)


@transaction.atomic
def _exchange(asked: Asked, symbols: str) -> Given:
    """Raises Refused."""
    terminal, code = _locked_code(symbols)
    request_sha256 = _sha256(asked)
    if code.used_at is not None:
        return _repeated_exchange(terminal, code, request_sha256)
    _check_exchange_allowed(terminal, code)
    _take_over(terminal, asked, by=f"{BY_TILL} {asked.software}".strip())
    _live_on(terminal, Life.ACTIVE if code.activates else Life.TESTING)
    code.used_at, code.request_sha256 = timezone.now(), request_sha256
    code.save(update_fields=["used_at", "request_sha256"])
    return _give(terminal, request_sha256)


@transaction.atomic
def _code_refusal(symbols: str | None) -> refusals.Refused | None:
    """What is wrong with a code besides all else that is wrong with its request; None when nothing is."""
    if symbols is None:
        return None
    try:
        terminal, code = _locked_code(symbols)
        if code.used_at is not None:
            raise refusals.code_used()
        _check_exchange_allowed(terminal, code)
    except refusals.Refused as refused:
        return refused
    return None


def terminal_of(credential: Credential, *, is_locked: bool = False) -> Terminal:
    """Whose credential it is, with store and retailer, whatever its life. Raises Refused."""
    if credential.kind != CredentialKind.TERMINAL:
        raise refusals.no_terminals_token()
    if is_locked:
        _locked([credential.id])
    try:
        return admitted(credential, credential.id, timezone.now())
    except (CredentialReplacedError, SenderRefused) as fault:
        raise refusals.token_replaced() from fault


def _check_codes_allowed(terminals: Collection[Terminal], *, activates: bool) -> None:
    for terminal in terminals:
        life = _life_of(terminal)
        if life in OUT_OF_SERVICE:
            raise EnrolmentError(
                f"terminal {terminal}, its store or its retailer is {life.label}, so it gets no enrolment code"
            )
        if life == Life.LOST and not activates:
            raise EnrolmentError(f"terminal {terminal} is lost; it comes back by a code that makes it active")


def _void_codes(numbers: Collection[int], now: datetime) -> None:
    """Of several sheets only the newest counts, so that nobody has to look for the others."""
    EnrolmentCode.objects.filter(terminal__in=numbers, used_at=None, expires_at__gt=now).update(expires_at=now)


def _locked_code(symbols: str) -> tuple[Terminal, EnrolmentCode]:
    """The code with its terminal, both locked. Raises Refused.

    It is found by its hash, so the time that takes tells nothing of how near a guess came.
    """
    found = EnrolmentCode.objects.filter(sha256=digest(symbols)).values_list("pk", "terminal").first()
    if found is None:
        raise refusals.code_unknown()
    key, number = found
    (terminal,) = _locked([number])
    return terminal, EnrolmentCode.objects.select_for_update().get(pk=key)


def _check_exchange_allowed(terminal: Terminal, code: EnrolmentCode) -> None:
    """Raises Refused."""
    if timezone.now() >= code.expires_at:
        raise refusals.code_expired()
    life = _life_of(terminal)
    if life in OUT_OF_SERVICE:
        raise refusals.not_in_life(life)
    if life == Life.LOST:
        if _lost_since(terminal, code.created_at):
            raise refusals.code_of_before_the_loss()
        if not code.activates:
            raise refusals.testing_only()


def _check_renewals(terminal: Terminal) -> None:
    """Raises Refused."""
    a_day_ago = timezone.now() - timedelta(days=1)
    if CredentialIssue.objects.filter(terminal=terminal, issued_at__gt=a_day_ago).count() >= RENEWALS_A_DAY:
        raise refusals.too_many_renewals(RENEWALS_A_DAY)


def _lost_since(terminal: Terminal, moment: datetime) -> bool:
    steps = RegistryStep.objects.filter(terminal=terminal.pk, kind=RegistryStep.Kind.STATUS, after=Life.LOST)
    return steps.filter(at__gte=moment).exists()


def _repeated_exchange(terminal: Terminal, code: EnrolmentCode, request_sha256: bytes) -> Given:
    """The answer once more. Raises Refused when another request asks, or too late."""
    is_same = hmac.compare_digest(bytes(code.request_sha256 or b""), request_sha256)
    if not is_same or code.used_at is None or timezone.now() >= code.used_at + timedelta(hours=REPEAT_HOURS):
        raise refusals.code_used()
    if (life := _life_of(terminal)) in OUT_OF_SERVICE | {Life.LOST}:
        raise refusals.not_in_life(life)
    issue = CredentialIssue.objects.get(terminal=terminal, request_sha256=request_sha256)
    if issue.key_version != terminal.key_version:
        raise refusals.request_superseded()
    return Given(terminal, is_repeated=True)


def _take_over(terminal: Terminal, asked: Asked, *, by: str) -> None:
    """The till that has the code is the terminal from now on; one without a key signs nothing."""
    if asked.public_key is not None:
        _register_key(terminal, asked.public_key, by=by)
    elif terminal.signing_key:
        before = f"key {terminal.signing_key}"
        terminal.signing_key = 0
        record_steps([step_of(terminal, RegistryStep.Kind.KEY, before=before, after="no key", by=by)])
    _rotate(terminal, timedelta(), by=by)


def _renew_key(terminal: Terminal, public_key: bytes | None) -> None:
    """The key after the one in use; where no new one is given, the same under the next number.

    During an overlap the number before the one in use is taken, too, so it must be that of the same till's last key:
    neither one that was given up before, nor none at all.
    """
    if public_key is not None:
        _register_key(terminal, public_key, by=BY_TILL)
    elif terminal.signing_key:
        present = TerminalKey.objects.get(terminal=terminal, number=terminal.signing_key)
        _register_key(terminal, bytes(present.public_key), by=BY_TILL)


def _register_key(terminal: Terminal, public_key: bytes, *, by: str) -> None:
    last = TerminalKey.objects.filter(terminal=terminal).aggregate(last=Max("number"))["last"] or 0
    # After a key that was given up a number is left out, for the same reason.
    number = last + 1 if last == terminal.signing_key else last + 2
    key = TerminalKey.objects.create(terminal=terminal, number=number, public_key=public_key)
    before = f"key {terminal.signing_key}" if terminal.signing_key else "no key"
    terminal.signing_key = key.number
    after = f"key {key.number}, {fingerprint(public_key)}"
    record_steps([step_of(terminal, RegistryStep.Kind.KEY, before=before, after=after, by=by)])


def _rotate(terminal: Terminal, overlap: timedelta, *, by: str) -> None:
    rotate_locked(terminal, overlap=overlap)
    terminal.save(update_fields=["key_version", "signing_key", "overlap_until", "expires_on", "is_loaded"])
    after = f"token version {terminal.key_version}"
    record_steps([step_of(terminal, RegistryStep.Kind.CREDENTIAL, after=after, by=by)])


def _live_on(terminal: Terminal, life: Life) -> None:
    """The step that the code leads to, unless the terminal stands there already."""
    before = Life(terminal.status)
    if before == life:
        return
    if not may_follow(before, life):
        raise refusals.not_in_life(before)
    terminal.status = life
    terminal.save(update_fields=["status"])
    reason = "The till exchanged its enrolment code."
    record_steps([step_of(terminal, RegistryStep.Kind.STATUS, before=before, after=life, reason=reason, by=BY_TILL)])


def _give(terminal: Terminal, request_sha256: bytes) -> Given:
    CredentialIssue.objects.create(
        terminal=terminal,
        request_sha256=request_sha256,
        key_version=terminal.key_version,
        issued_at=timezone.now(),
    )
    return Given(terminal, is_repeated=False)


def _loaded(given: Given) -> Given:
    """Answered once the capture store knows the credential, so that the till's next sale is not refused."""
    number = given.terminal.pk
    if Terminal.objects.filter(pk=number, is_loaded=False).exists():
        load_terminals([given.terminal])
    return given


def _with_store() -> QuerySet[Terminal]:
    return Terminal.objects.select_related("store__retailer")


def _locked(numbers: Collection[int]) -> list[Terminal]:
    return list(_with_store().filter(pk__in=numbers).order_by("pk").select_for_update(of=("self",)))


def _life_of(terminal: Terminal) -> Life:
    return effective(terminal.status, terminal.store.status, terminal.store.retailer.status)


def _sha256(asked: Asked) -> bytes:
    """What makes two requests the same: what the till chose, and the key with it."""
    return hashlib.sha256(asked.request.encode() + b"\n" + (asked.public_key or b"")).digest()
