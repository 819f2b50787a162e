# Errors

from ironflow.client import IronflowError
try:
    run = client.runs_get("nonexistent")
except IronflowError as e:
    print(f"Status: {e.status_code}") # 404
    print(f"Code: {e.code}") # "NOT_FOUND"
    print(f"Message: {e}") # "run not found"
