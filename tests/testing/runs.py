"""Runs as tests build them: starting, ending, waiting; and what they left behind."""

from __future__ import annotations

import threading

from ..local import PATIENCE

DAY = 86400.0


def start(client, **data):
    """Emit ``order.placed`` and return the id of the run that it started."""
    (run_id,) = client.events_create(body={"name": "order.placed", "data": data})["run_ids"]
    return run_id


def begin(server, client, **data):
    """Start a run, wait until it sleeps, waits for an event or has ended, and return its id."""
    run_id = start(client, **data)
    server.wait_until_idle(PATIENCE)
    return run_id


def finish(server, client, **data):
    """Start a run, wait until it has ended and return it."""
    return client.runs_get(begin(server, client, **data))


def resume(client, run_id, **members):
    return client.runs_resume(body={"run_id": run_id, **members})


def patch(client, step_id, output, **members):
    return client.runs_create(body={"step_id": step_id, "output": output, **members})


def steps_of(client, run_id):
    reply = client.runs_list_steps(run_id)
    assert reply["count"] == len(reply["steps"])
    return {step["step_id"]: step for step in reply["steps"]}


def threads_of(run_id):
    return [found for found in threading.enumerate() if found.name == f"ironflow-{run_id}"]


def audit_of(client, run_id, **query):
    return [entry["event_type"] for entry in client.runs_list_audit(run_id, **query)["events"]]


def in_threads(count, action):
    """Call an action in so many threads at once; what each call returned or raised."""
    outcomes = []
    barrier = threading.Barrier(count)

    def work():
        barrier.wait(PATIENCE)
        try:
            outcomes.append(action())
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def ended(client, run_id):
    run = client.runs_get(run_id)
    return run if "ended_at" in run else None


def payment_waiter(server, **options):
    @server.function("process-order", triggers=["order.*"])
    def process_order(event, step):
        paid = step.wait_for_event("payment", "payment.*", **options)
        return paid and paid["data"]

    return process_order


def month(server, **options):
    """A function that sleeps 30 days, then waits 7 days for an event that never comes."""

    @server.function("month", triggers=["order.*"], **options)
    def act(event, step):
        step.run("first", lambda: event["data"])
        step.sleep("sleep", 30 * DAY)
        return [step.wait_for_event("wait", "never", timeout=7 * DAY), step.run("last", lambda: 1)]


def napper(server, id, *seconds, **options):
    """A function that sleeps so long, again and again."""

    @server.function(id, **options)
    def nap(event, step):
        for number, each in enumerate(seconds):
            step.sleep(f"nap-{number}", each)


def pay(client, name="payment.received", **data):
    return client.events_create(body={"name": name, "data": data})["event_id"]


def pages_of(read, meanwhile=lambda: None, **query):
    """All entries of an audit, by pages; ``meanwhile`` is called between them."""
    found, cursor = [], None
    while cursor != "":
        page = read(cursor=cursor, **query)
        found += page["events"]
        cursor = page["next_cursor"]
        meanwhile()
    return found
