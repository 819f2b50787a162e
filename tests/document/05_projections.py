# Projections

projections = client.projections_list()
projection = client.projections_get("my-projection")
status = client.projections_list_status("my-projection")
client.projections_rebuild("my-projection")
client.projections_list_rebuild("my-projection") # rebuild job status
client.projections_cancel("my-projection") # cancel in-flight rebuild
client.projections_pause("my-projection")
client.projections_resume("my-projection")
client.projections_delete("my-projection")
