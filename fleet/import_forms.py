"""What whoever uploads a file of tills is asked."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from fleet.till_forms import NEW_TILLS
from fleet.uploads import FILE_BYTES_MAX
from transactions.models import Life

FILE_MB_MAX = FILE_BYTES_MAX // 1024 // 1024


class ImportForm(forms.Form):
    """The file, how its tills begin, and whether it is only tried."""

    file = forms.FileField(
        label="CSV file", allow_empty_file=True, help_text=f"UTF-8, a line a till, at most {FILE_MB_MAX} MB.",
        widget=forms.ClearableFileInput({"accept": ".csv,text/csv"}),
    )  # fmt: skip
    status = forms.ChoiceField(
        label="The new tills", choices=NEW_TILLS, initial=str(Life.ENROLLED),
        help_text="A till with a credential of its own waits for its code. Behind a gateway it needs none.",
    )  # fmt: skip
    is_dry_run = forms.BooleanField(
        label="Only check it first", required=False, initial=True,
        help_text="Nothing is enrolled; every faulty row is named. Then the same file is enrolled by one button.",
    )  # fmt: skip

    def clean_file(self) -> Any:
        """Not too large."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > FILE_BYTES_MAX:
            raise forms.ValidationError(f"The file is larger than {FILE_MB_MAX} MB. Send it in parts.")
        return file
