# Event schemas

client.schemas_list()
client.schemas_get("order.placed") # latest version
client.schemas_get_by_name("order.placed", "2") # specific version
client.schemas_create(body={
    "event_name": "order.placed",
    "version": 1,
    "schema_json": '{"type":"object","properties":{"orderId":{"type":"string"}}}',
})
client.schemas_delete("order.placed", "1")
# Test an upcast transformation between schema versions
client.schemas_create_upcast(body={
    "event_name": "order.placed",
    "from_version": 1,
    "to_version": 2,
    "data": {"orderId": "123"},
})
