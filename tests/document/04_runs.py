# Runs

runs = client.runs_list()
run = client.runs_get("run_id")
client.runs_cancel("run_id", body={"reason": "test"})
client.runs_list_steps("run_id")
client.runs_list_audit("run_id")
client.runs_resume(body={"run_id": "run_id"})
# Patch a step's output (POST /api/v1/steps/patch — grouped under "runs" by codegen)
client.runs_create(body={"step_id": "step_xyz", "output": {"corrected": True}, "reason": "manual fix"})
