# Events

# Emit an event — server expects "name", "data", optional "metadata"
client.events_create(body={"name": "user.created", "data": {"user_id": "123"}})
# List events
events = client.events_list()
