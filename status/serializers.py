"""The JSON of the status page, and what each of its fields means."""

from typing import Any

from rest_framework import serializers

from status.judging import Verdict, Why

MILLISECONDS = "in milliseconds; null when nobody asked"


class StatusMinuteSerializer(serializers.Serializer[Any]):
    """One minute that is over. A minute of which nothing is known is not listed."""

    minute = serializers.DateTimeField(help_text="When it began, UTC.")
    asked = serializers.IntegerField(help_text="Sales that were answered, and requests that a fault of ours ended.")
    accepted = serializers.IntegerField(help_text="New sales.")
    offline = serializers.IntegerField(help_text="Of the new sales, made while the till's network was away.")
    waits = serializers.IntegerField(help_text="Of those asked: told to come again, or ended by a fault of ours.")
    p50_ms = serializers.FloatField(allow_null=True, help_text=f"Half of the answers took less, {MILLISECONDS}.")
    p95_ms = serializers.FloatField(allow_null=True, help_text=f"95 of 100 took less, {MILLISECONDS}.")
    p99_ms = serializers.FloatField(allow_null=True, help_text=f"99 of 100 took less, {MILLISECONDS}.")
    is_good = serializers.BooleanField(
        allow_null=True, help_text="At most 1 % waits, and a p99 of at most a second; null without any sale."
    )


class StatusDaySerializer(serializers.Serializer[Any]):
    """One day of the country's calendar, in minutes that are over."""

    day = serializers.DateField(help_text="The day.")
    good = serializers.IntegerField(help_text="Minutes with sales that were good.")
    bad = serializers.IntegerField(help_text="Minutes with sales that were not, and those of a declared outage.")
    idle = serializers.IntegerField(help_text="Minutes without any sale.")
    unknown = serializers.IntegerField(help_text="Minutes of which nothing is known.")
    good_share = serializers.FloatField(allow_null=True, help_text="good / (good + bad); null when both are 0.")


class StatusCheckpointSerializer(serializers.Serializer[Any]):
    """The log's newest signed checkpoint."""

    size = serializers.IntegerField(help_text="Leaves of the log under it.")
    signed_at = serializers.DateTimeField(help_text="When it was signed; it grows old while nothing is sold.")
    unsigned_s = serializers.FloatField(
        help_text="How long the oldest block has waited for a signature; 0: none waits."
    )


class StatusOutageSerializer(serializers.Serializer[Any]):
    """An outage as staff declared it."""

    kind = serializers.ChoiceField(["degraded", "outage", "emergency"], help_text="How bad it is.")
    began_at = serializers.DateTimeField(help_text="When it began.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it ended; null while it goes on.")


class StatusSerializer(serializers.Serializer[Any]):
    """Whether the system takes sales, as of `as_of`, and how it did."""

    verdict = serializers.ChoiceField([one.value for one in Verdict], help_text="The answer in one word.")
    why = serializers.ChoiceField([one.value for one in Why], help_text="What the verdict rests on.")
    as_of = serializers.DateTimeField(help_text="When this was read.")
    waits_share = serializers.FloatField(
        allow_null=True, help_text="Of the last three known minutes' sales, the share told to come again."
    )
    p99_ms = serializers.FloatField(allow_null=True, help_text="The worst p99 of these minutes.")
    oldest_unflushed_s = serializers.FloatField(
        allow_null=True, help_text="How long the oldest sale has waited for the ledger; null when that is not known."
    )
    checkpoint = StatusCheckpointSerializer(allow_null=True)
    outages = StatusOutageSerializer(many=True, help_text="The newest twenty, the newest first.")
    minutes = StatusMinuteSerializer(many=True, help_text="The newest minutes, the oldest first.")
    days = StatusDaySerializer(many=True, help_text="The last ninety days that are known, the oldest first.")
