# Secrets

client.secrets_list()
client.secrets_get("my-secret")
client.secrets_create(body={"name": "my-secret", "value": "s3cret", "description": "optional"})
client.secrets_update("my-secret", body={"value": "new-value"}) # PUT — full replacement
client.secrets_patch("my-secret", body={"description": "updated"}) # PATCH — partial update
client.secrets_delete("my-secret")
