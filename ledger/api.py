"""The log as JSON: its keys, signed checkpoints, and consistency proofs between any two of them."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ledger.log.checkpoint import SIZE_MAX
from ledger.log.keys import log_keys
from ledger.proofs import NoCheckpointError, prove_consistency
from ledger.witness.quorum import checkpoint_of_size, note_with_cosignatures
from possys.problems import problem

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_SIZE = {"type": "integer", "minimum": 1, "maximum": SIZE_MAX}


class LogKeySerializer(serializers.Serializer[Any]):
    """A public key of the log."""

    vkey = serializers.CharField(help_text="Name, id and key, as c2sp.org/signed-note writes them. Pin it.")
    leaf_index = serializers.IntegerField(help_text="The leaf of the log that names the key.")
    at = serializers.CharField(help_text="Since when it signs (RFC 3339, UTC).")


class ConsistencySerializer(serializers.Serializer[Any]):
    """A proof that an older checkpoint's log is the beginning of a newer one's."""

    old = serializers.IntegerField()
    new = serializers.IntegerField()
    old_root = serializers.CharField(help_text="Base64, as in the checkpoint.")
    new_root = serializers.CharField(help_text="Base64, as in the checkpoint.")
    hashes = serializers.ListField(child=serializers.CharField(), help_text="RFC 6962, 2.1.2; base64.")


class ConsistencyQuery(serializers.Serializer[Any]):
    """Two sizes."""

    old = serializers.IntegerField(min_value=1, max_value=SIZE_MAX)
    new = serializers.IntegerField(min_value=1, max_value=SIZE_MAX)


class LogKeysView(APIView):
    """The log's keys."""

    @extend_schema(operation_id="log_keys", responses=LogKeySerializer(many=True))
    def get(self, request: Request) -> Response:
        """The public keys that have signed this log, the current one first. Compare with what you got elsewhere."""
        keys = [{"vkey": key.verifier.vkey, "leaf_index": key.leaf_index, "at": key.at} for key in log_keys()]
        return Response(LogKeySerializer(keys, many=True).data)


class CheckpointView(APIView):
    """One signed checkpoint."""

    @extend_schema(
        operation_id="log_checkpoint",
        responses={
            (200, "text/plain"): OpenApiResponse(str, "A signed note, see c2sp.org/tlog-checkpoint."),
            404: OpenApiResponse(_PROBLEM, "No checkpoint of that size was signed."),
        },
    )
    def get(self, request: Request, size: int) -> HttpResponse:
        """A checkpoint by its size, as it was signed; the newest is at /log/checkpoint."""
        found = checkpoint_of_size(size) if size <= SIZE_MAX else None
        if found is None:
            return _no_checkpoint(f"No checkpoint of {size} leaves was signed.")
        return HttpResponse(note_with_cosignatures(found), content_type="text/plain; charset=utf-8")


class ConsistencyView(APIView):
    """A consistency proof."""

    @extend_schema(
        operation_id="log_consistency",
        parameters=[
            OpenApiParameter("old", _SIZE, required=True, description="The older checkpoint's size."),
            OpenApiParameter("new", _SIZE, required=True, description="The newer checkpoint's size."),
        ],
        responses={
            200: ConsistencySerializer,
            400: OpenApiResponse(_PROBLEM, "Two sizes are needed."),
            404: OpenApiResponse(_PROBLEM, "No checkpoint of one of these sizes was signed."),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """That nothing before the older checkpoint was changed in the newer one."""
        asked = ConsistencyQuery(data=request.query_params)
        if not asked.is_valid():
            said = "; ".join(f"{name}: {' '.join(map(str, faults))}" for name, faults in asked.errors.items())
            return problem(400, "sizes-needed", "Two sizes are needed", f"Name old and new. {said}")
        try:
            proof = prove_consistency(**asked.validated_data)
        except NoCheckpointError as fault:
            return _no_checkpoint(f"{str(fault)[0].upper()}{str(fault)[1:]}.")
        return Response(ConsistencySerializer(proof).data)


def _no_checkpoint(detail: str) -> HttpResponse:
    return problem(404, "no-such-checkpoint", "No such checkpoint", detail)
