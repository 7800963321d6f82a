"""Addresses of the log's and the feed's API."""

from django.urls import path

from ledger import api, feed_api

urlpatterns = [
    path("log/keys", api.LogKeysView.as_view(), name="api-log-keys"),
    path("log/checkpoints/<int:size>", api.CheckpointView.as_view(), name="api-log-checkpoint"),
    path("log/consistency", api.ConsistencyView.as_view(), name="api-log-consistency"),
    path("feed/<int:shard>", feed_api.FeedView.as_view(), name="api-feed"),
]
