# KV store

# Buckets
client.kv_list_buckets()
client.kv_buckets(body={"name": "my-bucket"}) # Create
client.kv_get_buckets("my-bucket")
client.kv_delete_buckets("my-bucket")
# Keys
client.kv_list_buckets_keys("my-bucket")
client.kv_get_buckets_keys("my-bucket", "my-key")
client.kv_update_buckets_keys("my-bucket", "my-key", body={"value": "data"})
client.kv_delete_buckets_keys("my-bucket", "my-key")
# Watch (streaming endpoint — Python plain GET will not iterate updates)
client.kv_list_buckets_watch("my-bucket")
