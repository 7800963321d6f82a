"""Staff choose what a store is, where its sales do not tell; from the next term on it stands in place of the rule."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from analytics.peers.models import ChosenKind
from possys.keyset_admin import KeysetAdmin
from transactions.models import Store


class ChosenKindForm(forms.ModelForm[ChosenKind]):
    """A store that exists, and words that are compared as they stand but for capitals."""

    class Meta:
        model = ChosenKind
        fields = ("store", "name")

    def clean_store(self) -> int:
        """Refuses a number that no store has."""
        store: int = self.cleaned_data["store"]
        if not Store.objects.filter(pk=store).exists():
            raise forms.ValidationError("There is no store with this number.")
        return store


@admin.register(ChosenKind)
class ChosenKindAdmin(KeysetAdmin):
    """Deleting a row gives the store back to the rule."""

    navigation_group = "Registry"
    navigation_title = "Kinds of stores"
    navigation_icon = "category"
    form = ChosenKindForm
    list_display = ("store", "name", "chosen_at")
    search_fields = ("=store", "name")
    search_help_text = "A store's number, or words of a kind"

    def get_readonly_fields(self, request: HttpRequest, obj: ChosenKind | None = None) -> tuple[str, ...]:
        """The store stays: another one is another row."""
        return () if obj is None else ("store",)
