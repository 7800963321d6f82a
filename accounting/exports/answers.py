"""A made file as an answer in HTTP, for people and programs alike, or why there is none."""

import base64
from collections.abc import Callable
from typing import NamedTuple, cast

from django.http import FileResponse, HttpResponse

from accounting.exports.faults import AuditFault
from accounting.exports.files import AuditFile
from accounting.exports.limits import FILES_OF_MEMBER
from ledger.archive.packs import ArchiveAwayError
from ledger.sealed import BlockDamagedError
from portal.scope import Scope
from possys.limits import count

DAMAGED = (
    "A receipt of these days is not what was sealed, so no file was made. The operator has been alarmed; "
    "other days can be asked for."
)
AWAY = "The archive of these days cannot be read just now. Try again later."


class Refusal(NamedTuple):
    """Why no file was made: the status, the field that it is about ("" of none), a sentence."""

    status: int
    field: str
    sentence: str


def made(make: Callable[[], AuditFile], scope: Scope) -> HttpResponse | Refusal:
    """The file, to be saved; its SHA-256 in Repr-Digest (RFC 9530). Raises LimitReachedError."""
    count(FILES_OF_MEMBER, str(scope.membership_id))
    try:
        file = make()
    except AuditFault as fault:
        return Refusal(400, fault.field, str(fault))
    except BlockDamagedError:
        return Refusal(500, "", DAMAGED)
    except ArchiveAwayError:
        return Refusal(503, "", AWAY)
    response = FileResponse(file.file, as_attachment=True, filename=file.name, content_type=file.content_type)
    response["Content-Length"] = str(file.size)
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(file.sha256).decode()}:"
    # All that is done with it afterwards is done with any answer of Django's.
    return cast("HttpResponse", response)
