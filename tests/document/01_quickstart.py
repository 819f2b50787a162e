# Quick start

from ironflow import IronflowClient
# Create a client
client = IronflowClient(
    server_url="http://localhost:9123",
    api_key="ifkey_...",
)
# Emit an event (triggers any listening functions)
result = client.events_create(body={
    "name": "order.placed",
    "data": {"order_id": "123", "customer_id": "456"},
})
# List runs
runs = client.runs_list()
# Get a specific run
run = client.runs_get("run_abc123")
# Cancel a run
client.runs_cancel("run_abc123", body={"reason": "duplicate"})
