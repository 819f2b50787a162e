"""Keep a dict equal to a KV bucket, through restarts of the server.

    python examples/mirror_bucket.py flags

Ctrl-C ends it. The server is that of ``IRONFLOW_SERVER_URL``, by default http://localhost:9123.
"""

from __future__ import annotations

import sys

from ironflow import IronflowClient, IronflowError


def mirror(client: IronflowClient, bucket: str) -> None:
    """Follow a bucket and print what the mirror holds after each change."""
    values: dict[str, bytes] = {}
    with client.kv_watch(bucket, on_gap=lambda gap: print("connected again")) as updates:
        for update in updates:
            if update["operation"] == "delete":
                values.pop(update["key"], None)
            else:
                values[update["key"]] = client.kv_value(update)
            print(dict(sorted(values.items())), flush=True)


def main() -> None:
    """Run the command line."""
    bucket = sys.argv[1] if len(sys.argv) > 1 else "flags"
    try:
        with IronflowClient() as client:
            mirror(client, bucket)
    except KeyboardInterrupt:
        pass
    except IronflowError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
