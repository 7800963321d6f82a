"""Authenticator apps for tests: they compute their codes as a telephone does, from the key alone."""

import time

from django.test import Client
from django_otp.oath import TOTP

from possys import clock
from possys.accounts import sealing, second_factor
from possys.accounts.models import DIGITS, STEP_S, Authenticator, User

HERE = "/account/second-factor/"


class App:
    """An authenticator app with a key."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def code(self, *, steps: int = 0) -> str:
        """What it shows now, or so many half minutes from now."""
        totp = TOTP(self.key, step=STEP_S, digits=DIGITS)
        totp.time = time.time() + steps * STEP_S
        return f"{totp.token():0{DIGITS}}"


def enrolled(user: User) -> tuple[App, list[str]]:
    """An app that is the person's second factor and whose present code was not used yet, and the recovery codes."""
    app = App(sealing.new_key())
    _, codes = second_factor.enrol(user, app.key, app.code(), now=clock.utc(clock.now_ms()))
    forget_last_code(user)
    return app, codes


def forget_last_code(user: User) -> None:
    """As if half a minute had passed: the code of now counts again."""
    Authenticator.objects.filter(user=user).update(last_step=-1)


def shown_key(client: Client) -> App:
    """The app that has scanned the key that the enrolment page shows in this browser."""
    client.get(f"{HERE}enrol/")
    return App(sealing.opened(bytes.fromhex(client.session["second_factor_new"])))
