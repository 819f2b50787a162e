"""Commands of the product's own binary are refused by name, whatever follows them."""

from __future__ import annotations

import json

import pytest

from .lines import taken_apart
from .running import NOWHERE, run

LINES = [
    "ironflow serve",
    "ironflow serve --port 8080 --open",
    'ironflow serve --nats-store-dir=""',
    "ironflow serve --dev",
    "ironflow init my-app --template go-quickstart",
    "ironflow init my-app --skip-install",
    "ironflow config init",
    "ironflow config init --kind cluster",
    "ironflow validate -f ironflow.yaml",
    "ironflow deploy --template small --name dev",
    "ironflow deploy upgrade --template medium --name staging",
    "ironflow deploy status --name prod --watch",
    "ironflow provision create --provider k3d --template small --name dev",
    "ironflow provision destroy --provider hetzner --name ironflow",
    "ironflow cloud provision-status clu_hooli --audit-limit 50",
    "ironflow cloud cap-token mint clu_hooli cust_01h2g3k4j5n6p7q8r9s0 --ttl 5m",
    "ironflow cloud break-glass clu_hooli --blob-file /tmp/clu_hooli.enc",
    "ironflow mcp --allow-writes",
    "ironflow inspect run_abc123 --replay --all-events",
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_servers_binary_says_where_it_belongs(line, tmp_path):
    done = run(taken_apart(line).arguments, tmp_path, IRONFLOW_SERVER_URL=NOWHERE)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1
    assert "binary" in done.err


def test_the_refusal_is_an_object_for_machines(tmp_path):
    done = run(["serve", "--json"], tmp_path)
    assert (done.code, done.out) == (1, "")
    assert json.loads(done.err)["error"]["status"] == 0
