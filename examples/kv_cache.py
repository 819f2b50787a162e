"""A cache in a key-value bucket, with compare-and-set, so that no update is lost.

Start it with ``IRONFLOW_SERVER_URL=… python examples/kv_cache.py``. The server needs no
preparation: the bucket ``example-cache``, whose entries live for an hour, is created if missing.
"""

from __future__ import annotations

import base64
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ironflow import ConflictError, IronflowClient, IronflowError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

BUCKET = "example-cache"


def get(client: IronflowClient, key: str) -> tuple[Any, int | None]:
    """Return a key's value and revision, both None when it is missing."""
    try:
        entry = client.kv_get_buckets_keys(BUCKET, key)
    except NotFoundError:
        return None, None
    return json.loads(base64.b64decode(entry["value"])), entry["revision"]


def update(client: IronflowClient, key: str, change: Callable[[Any], Any]) -> Any:
    """Replace a key's value, None if it is missing, by ``change(value)``, and return that."""
    for attempt in range(1, 21):
        value, revision = get(client, key)
        changed = change(value)
        is_new = "*" if revision is None else None
        try:
            client.kv_update_buckets_keys(
                BUCKET, key, body=changed, if_match=revision, if_none_match=is_new
            )
            return changed
        except ConflictError:  # somebody was faster: read what they wrote, and change that
            time.sleep(random.uniform(0, 0.01 * attempt))
    raise ConflictError(f"{key} is changed too often by others")


def one_more(visits: int | None) -> int:
    return (visits or 0) + 1


def main() -> None:
    try:
        with IronflowClient() as client:
            with suppress(ConflictError):  # it is there already
                client.kv_buckets(body={"name": BUCKET, "ttl_seconds": 3600})
            client.kv_update_buckets_keys(BUCKET, "users/42", body={"name": "Alice"})
            print(f"users/42: {get(client, 'users/42')[0]}")
            before, _ = get(client, "visits")
            with ThreadPoolExecutor(max_workers=2) as threads:
                updates = [threads.submit(update, client, "visits", one_more) for _ in range(10)]
            for done in updates:
                done.result()  # raises what went wrong in a thread
            after, _ = get(client, "visits")
            print(f"visits: {before or 0}, and {after} after 10 updates by two threads")
    except IronflowError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
