"""The forms of the second factor."""

from django import forms

CODE_LENGTH_MAX = 32


class CodeForm(forms.Form):
    """A code of the authenticator, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=CODE_LENGTH_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
    )


class NewCodeForm(forms.Form):
    """The first code of a new authenticator."""

    code = forms.CharField(
        label="Code that the app shows",
        max_length=CODE_LENGTH_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
        help_text="Six digits. This proves that the app has the key; nothing changes before.",
    )


class PasswordForm(forms.Form):
    """The password once more: a browser that was left open must not be a way in for good."""

    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NewCodeAndPasswordForm(PasswordForm, NewCodeForm):
    """Both, for whoever is signed in already."""

    field_order = ("code", "password")
