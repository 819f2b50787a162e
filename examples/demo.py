"""``make demo``: regenerate the client, compare it, then run the quick start on a local server.

Every call is printed as it is typed, followed by what came back.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ironflow import IronflowClient, IronflowError
from ironflow.testing import LocalServer, StepTools

ROOT = Path(__file__).resolve().parent.parent

QUICK_START = [
    'client.events_create(body={"name": "order.placed",'
    ' "data": {"order_id": "123", "customer_id": "456"}})',
    "client.runs_list()",
    'client.runs_get("run_1")',
    'client.runs_cancel("run_1", body={"reason": "duplicate"})',
    'client.runs_get("nonexistent")',
]


def process_order(event: dict[str, Any], step: StepTools) -> dict[str, Any]:
    """Confirm an order once it is paid, which never happens in the demo."""
    order = step.run("validate-input", lambda: event["data"])
    payment = step.wait_for_event("wait-for-payment", "payment.received")
    return {"order_id": order["order_id"], "payment": payment}


def main() -> int:
    """Run the demo; 0 when every step did what it should."""
    print("1. Regenerate the client from manifest.json into an empty folder\n")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "codegen", "generate", "--output", folder]
        subprocess.run(command, cwd=ROOT, check=True)
        same = True
        for name in ("ironflow/_routes.py", "ironflow/client.py", "ironflow/models.py"):
            made, committed = (root / name for root in (Path(folder), ROOT))
            equal = made.read_bytes() == committed.read_bytes()
            same = same and equal
            lines = committed.read_text(encoding="utf-8").count("\n")
            print(f"{name}: {lines} lines, {'equal to' if equal else 'NOT EQUAL to'} this one here")

    print("\n2. The quick start, against a local Ironflow in this process")
    with LocalServer() as server:
        server.function("process-order", triggers=["order.*"])(process_order)
        print(f'\n>>> client = IronflowClient(server_url="{server.url}", api_key="ifkey_...")')
        with IronflowClient(server_url=server.url, api_key="ifkey_...") as client:
            for call in QUICK_START:
                print(f"\n>>> {call}")
                try:
                    print(json.dumps(eval(call, {"client": client}), indent=2))
                except IronflowError as error:
                    print(f"{error!r}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
