# Entity streams

client.streams_list()
client.streams_get("entity-123")
# Append event — server requires "entity_type" and "event_name"
client.streams_events("entity-123", body={
    "entity_type": "order",
    "event_name": "order.updated",
    "data": {"status": "shipped"},
    "expected_version": 4, # optional — optimistic concurrency
    "idempotency_key": "ship-1", # optional
    "version": 1, # optional — event schema version
})
client.streams_list_events("entity-123")
client.streams_list_history("entity-123")
# Snapshots
client.streams_snapshots("entity-123", body={
    "entity_type": "order",
    "entity_version": 10,
    "state": {"status": "shipped"},
})
client.streams_list_snapshots("entity-123")
