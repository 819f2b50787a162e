# Functions

client.functions_list()
# Direct invoke — Python is the only SDK that exposes this REST endpoint.
client.functions_invoke("process-order", body={"data": {"order_id": "123"}})
