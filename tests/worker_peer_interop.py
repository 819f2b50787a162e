"""A worker of the published client, for tests: it runs in an environment of that client's own.

It prints a line for each thing that its functions do, and ends when its input does. Not imported by
the tests: here ``ironflow`` is the published package.
"""

from __future__ import annotations

import asyncio
import os
import sys

from ironflow.worker import Worker, function


def say(line, result=None):
    print(line, flush=True)
    return result


@function(id="process-order", triggers=[{"event": "order.placed"}])
async def process_order(context):
    step = context.step
    price = await step.run("price", lambda: say("priced", {"total": 15}))
    await step.sleep("settle", 0.05)
    paid = await step.wait_for_event(
        "payment",
        event="payment.received",
        match="data.order_id",
        match_value=context.event.data["order_id"],
        timeout="1h",
    )
    await step.run("ship", lambda: say(f"shipped {context.event.data['order_id']}"))
    receipt = await step.invoke("write-receipt", {"total": price["total"]})
    started = await step.invoke_async("write-receipt", {"total": 0})
    try:
        await step.invoke("nobody", {})
    except Exception as error:
        say(f"{type(error).__name__}: {error}")
    message = await step.publish("orders.done", {"order_id": context.event.data["order_id"]})
    return {
        "by": paid.data["by"],
        "receipt": receipt,
        "other": started.run_id,
        "sequence": message.sequence,
    }


@function(id="write-receipt")
async def write_receipt(context):
    return {"of": context.event.data["total"]}


@function(id="fragile", retry={"max_attempts": 2, "initial_delay": 0.05, "on_exhausted": "fail"})
async def fragile(context):
    await context.step.run("try", lambda: say(f"attempt {context.run.attempt}"))
    raise ConnectionError("no carrier")


@function(id="hibernate")
async def hibernate(context):
    await context.step.sleep("winter", "90d")
    return say("awake")


async def main(url):
    functions = [process_order, write_receipt, fragile, hibernate]
    worker = Worker(functions=functions, server_url=url, worker_id="worker-1")
    running = asyncio.ensure_future(worker.start())
    await asyncio.to_thread(sys.stdin.read)
    await worker.drain(timeout=5)
    await running


asyncio.run(main(sys.argv[1]))
# Threads of the client's native HTTP library outlive its worker, and now and then crash an
# interpreter that shuts down below them.
os._exit(0)
