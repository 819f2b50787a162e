# Pub/sub

# Publish to a developer topic
client.pub_sub_create(body={"topic": "notifications", "data": {"type": "ping"}})
