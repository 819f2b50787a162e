"""Each client command of the reference: its arguments, and its flags with what it says of them.

``--timeout/-t=30s`` is a flag with a short form and a default, ``--org!`` one that is required.
"""

from __future__ import annotations

from typing import NamedTuple


class Flag(NamedTuple):
    """A flag of a command; ``short`` and ``default`` are empty where it has none."""

    name: str
    short: str
    default: str
    required: bool


class Command(NamedTuple):
    """A command by its words, with the names of its arguments."""

    words: list[str]
    arguments: list[str]
    flags: list[Flag]


_TABLE = """
apikey create <name>: --env --role --expires --platform --server/-s
apikey list: --json --platform --server/-s
apikey delete <id>: --server/-s
apikey rotate <id>: --server/-s
audit trail <run-id>: --type --from --to --limit=50 --json --server/-s
audit auth-trail: --org! --key --action --from --to --limit=50 --json --server/-s
circuit-breaker list: --server/-s --json
circuit-breaker reset <endpoint-url>: --server/-s
debounce list: --json --server/-s
debounce cancel <function-id> <debounce-key>: --env --server/-s
emit <event-name>: --data/-d --data-file/-f --metadata/-m --wait/-w --timeout/-t=30s --version=1
  --json --server/-s
env list: --server/-s
env create <name>: --project --server/-s
env delete <id>: --server/-s
event schema register <event-name>: --version! --file --schema --description --server/-s
event schema list: --event --limit=100 --json --server/-s
event schema get <event-name>: --version=0 --json --server/-s
event schema delete <event-name>: --version! --server/-s
event upcast <event-name>: --from! --to! --data --data-file --json --server/-s
function list: --server/-s --json --limit=100
function get <function-id>: --server/-s --json
invoke <function-id>: --data/-d --data-file/-f --metadata/-m --no-wait --timeout/-t=30s --json
  --server/-s
org create <name>: --server/-s
org list: --json --server/-s
org get <id>: --json --server/-s
org delete <id>: --server/-s
outbox dlq list: --env --limit=50 --offset=0 --json --server/-s
outbox dlq requeue <event-id>: --env --server/-s
outbox dlq discard <event-id>: --env --yes --server/-s
platform create-admin: --email! --name! --server/-s
platform login: --email! --server/-s
platform users list: --json --server/-s
platform users create: --email! --name! --role-ids --server/-s
platform users delete <id>: --server/-s
platform tenants list: --json --server/-s
platform tenants provision: --name! --server/-s
platform tenants delete <id>: --server/-s
platform roles list: --json --server/-s
platform roles create <name>: --policy-ids --server/-s
platform roles delete <id>: --server/-s
platform audit: --event-type --from --to --cursor --limit=0 --json --server/-s
policy create: --name! --effect! --actions! --resources! --condition
  --bypass-self-lockout-preflight --bypass-reason --server/-s
policy list: --org --json --server/-s
policy get <id>: --json --server/-s
policy update <id>: --name --effect --actions --resources --condition --clear-condition
  --bypass-self-lockout-preflight --bypass-reason --server/-s
policy delete <id>: --server/-s
policy test: --policy-id --condition --request --subject --request-file --subject-file --json
  --server/-s
policy versions list <policy_id>: --json --server/-s
policy rollback <policy_id> <version>: --server/-s
policy template list: --json --server/-s
policy template install <template_id>: --server/-s
project create <name>: --server/-s
project list: --json --server/-s
project delete <id>: --server/-s
projection list: --server/-s --json
projection status <name>: --server/-s --json
projection rebuild <name>: --from --to --partition --dry-run --server/-s --json
projection rebuild cancel <name>: --server/-s
projection get <name>: --partition --json --server/-s
projection pause <name>: --server/-s
projection resume <name>: --server/-s
projection delete <name>: --server/-s
projection create <name>: --sql --sql-file --event! --event-handler! --description --json
  --server/-s
projection watch <name>: --server/-s --replay/-r=0 --json/-j --metadata/-m
projection wait <name>: --server/-s --min-seq! --timeout=30s --partition --stream --json
projection wait-for-event <event-id>: --server/-s --projection! --timeout=30s --partition --json
projection wait-batch: --server/-s --file! --timeout=30s --json
role create <name>: --org! --server/-s
role list: --org --json --server/-s
role get <id>: --json --server/-s
role delete <id>: --server/-s
role assign-policy <role_id> <policy_id>: --server/-s
role remove-policy <role_id> <policy_id>: --server/-s
run list: --server/-s --function --status --limit=50 --json
run get <run-id>: --server/-s --json
run cancel <run-id>: --reason --server/-s
run pause <run-id>: --server/-s
run paused-state <run-id>: --json --server/-s
run inject <run-id> <step-id>: --output! --reason --server/-s
run resume <run-id>: --from-step --server/-s
secret list: --server/-s --env/-e
secret set <name> <value>: --server/-s --env/-e --description/-d
secret get <name>: --server/-s --env/-e
secret delete <name>: --server/-s --env/-e
server info: --server/-s --json
sql <query>: --format=table --timeout=5000 --max-rows=1000 --server/-s
stream append <entity-id>: --type --event! --data/-d --data-file/-f --expected-version=-1
  --version=1 --idempotency-key --json --server/-s
stream read <entity-id>: --from-version=0 --limit=100 --direction=forward --json --server/-s
stream info <entity-id>: --json --server/-s
stream list: --type --limit=50 --offset=0 --json --server/-s
stream subscribe <entity-id>: --server/-s --replay/-r=0 --json/-j --metadata/-m
subscribe <pattern>: --server/-s --replay/-r=0 --json/-j --metadata/-m
tenant provision: --name! --env --server/-s
tenant list: --json --server/-s
topic list: --server/-s --json
topic stats <topic>: --server/-s --json
topic publish <topic>: --data/-d --data-file/-f --idempotency-key --server/-s
version:
webhook list: --server/-s --json
webhook deliveries: --provider --status --limit=20 --server/-s --json
webhook test: --provider! --payload! --server/-s
"""


def _command(line):
    head, _, flags = line.partition(":")
    words = head.split()
    return Command(
        [word for word in words if not word.startswith("<")],
        [word.strip("<>") for word in words if word.startswith("<")],
        [_flag(text) for text in flags.split()],
    )


def _flag(text):
    rest, _, default = text.rstrip("!").partition("=")
    name, _, short = rest.partition("/")
    return Flag(name, short, default, text.endswith("!"))


COMMANDS = [_command(line) for line in _TABLE.strip().replace("\n  ", " ").splitlines()]
