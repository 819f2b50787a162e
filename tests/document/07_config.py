# Config management

client.config_list()
client.config_get("my-config")
client.config_create("my-config", body={"key": "value"}) # POST — full replacement
client.config_patch("my-config", body={"key": "updated"}) # shallow merge
client.config_delete("my-config")
client.config_list_watch("my-config") # streaming — Python plain GET will not iterate updates
