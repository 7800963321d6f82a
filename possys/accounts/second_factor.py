"""What is done about a person's second factor; each step leaves a row that says who did it and why."""

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from enum import Enum

from django.conf import settings
from django.db import transaction

from possys.accounts import sealing
from possys.accounts.models import Authenticator, RecoveryCode, SecondFactorChange, User, step_of
from possys.accounts.session_list import raise_number

logger = logging.getLogger(__name__)

RECOVERY_CODES = 10
# Crockford's base 32: nothing in it is mistaken for something else on paper.
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# 120 bits: beyond what a stolen database could be searched for, so a plain hash is enough, and a try costs nothing.
# Codes of 16 symbols (80 bits) from before still count; new ones take their place.
CODE_SYMBOLS = 24
GROUP_SYMBOLS = 4
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})
Kind = SecondFactorChange.Kind
# What other apps add to who must have a second factor.
_rules: list[Callable[[User], bool]] = []


class Proof(Enum):
    """What was typed after the password."""

    WRONG = "wrong"
    AUTHENTICATOR = "authenticator"
    RECOVERY_CODE = "recovery code"


class NotProvenError(ValueError):
    """The code is not the one that the new authenticator should show now."""


def add_rule(rule: Callable[[User], bool]) -> None:
    """Has an app say, too, for whom a second factor is compulsory; called from AppConfig.ready."""
    if rule not in _rules:
        _rules.append(rule)


def is_compulsory(user: User) -> bool:
    """Whether the person must have a second factor, and so may not set the first one up with a password alone."""
    return (user.is_staff and settings.STAFF_SECOND_FACTOR) or any(rule(user) for rule in _rules)


def authenticator_of(user: User) -> Authenticator | None:
    """The person's authenticator; None when there is no second factor."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


def codes_left(user: User) -> int:
    """How many recovery codes can still be used."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


@transaction.atomic
def check(user: User, typed: str, *, now: datetime) -> tuple[Proof, Authenticator | None]:
    """What was typed, and whose authenticator it stands for. A code is taken once; the rows are locked meanwhile."""
    own = Authenticator.objects.select_for_update().filter(user=user, confirmed=True).first()
    if own is None:
        return Proof.WRONG, None
    plain = typed.strip().replace(" ", "")
    if plain.isdigit():
        try:
            if not own.verify_token(plain):
                return Proof.WRONG, None
        except sealing.NotOursError as fault:
            # Recovery codes still work, and a new authenticator can be set up.
            logger.error("the authenticator of %s cannot be read: %s", user.pk, fault)
            return Proof.WRONG, None
        Authenticator.objects.filter(pk=own.pk).update(last_used_at=now)
        return Proof.AUTHENTICATOR, own
    used = RecoveryCode.objects.filter(user=user, sha256=_hashed(typed), used_at=None).update(used_at=now)
    if not used:
        return Proof.WRONG, None
    _keep(user, Kind.CODE_USED, done_by=user)
    # Whoever tried codes of the app meanwhile must not keep its owner waiting.
    own.throttle_reset()
    return Proof.RECOVERY_CODE, own


@transaction.atomic
def enrol(user: User, key: bytes, typed: str, *, now: datetime) -> tuple[Authenticator, list[str]]:
    """Makes this the person's authenticator, in the place of any other, once it has shown the right code.

    Answers it and new recovery codes, which nobody sees again; all other sessions end. Raises NotProvenError.
    """
    step = step_of(key, typed.strip().replace(" ", ""), after=-1)
    if step is None:
        raise NotProvenError
    User.objects.select_for_update().get(pk=user.pk)
    Authenticator.objects.filter(user=user).delete()
    made = Authenticator.objects.create(
        user=user, name="Authenticator", sealed_key=sealing.sealed(key), last_step=step, last_used_at=now
    )
    codes = _new_codes(user)
    _keep(user, Kind.ENROLLED, done_by=user)
    raise_number(user)
    return made, codes


@transaction.atomic
def renew_codes(user: User) -> list[str]:
    """New recovery codes; the ones before are void."""
    codes = _new_codes(user)
    _keep(user, Kind.CODES_MADE, done_by=user)
    return codes


@transaction.atomic
def remove(user: User, *, done_by: User | None, reason: str) -> bool:
    """Takes the second factor away, as when the telephone is lost; all sessions end. False when there was none."""
    removed, _ = Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if removed:
        _keep(user, Kind.REMOVED, done_by=done_by, reason=reason)
        raise_number(user)
    return bool(removed)


def keep_link_made(user: User, *, done_by: User | None, reason: str) -> None:
    """Keeps that somebody was given a link to enrol with."""
    _keep(user, Kind.LINK_MADE, done_by=done_by, reason=reason)


def keep_released(user: User, *, done_by: User | None, reason: str) -> None:
    """Keeps that somebody who was locked out was let try again."""
    _keep(user, Kind.RELEASED, done_by=done_by, reason=reason)


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [_grouped("".join(secrets.choice(SYMBOLS) for _ in range(CODE_SYMBOLS))) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, sha256=_hashed(code)) for code in codes)
    return codes


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP_SYMBOLS] for at in range(0, len(code), GROUP_SYMBOLS))


def _hashed(typed: str) -> bytes:
    return hashlib.sha256(typed.strip().upper().translate(READ_AS).encode()).digest()


def _keep(user: User, kind: SecondFactorChange.Kind, *, done_by: User | None, reason: str = "") -> None:
    SecondFactorChange.objects.create(user=user, kind=kind, done_by=done_by, reason=reason)
