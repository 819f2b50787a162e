# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2befb7a7e2ece44f, server 0.0.0-golden.
"""What requests may say, by the name of the route: a strict local server checks it.

Known values are empty where any value may come.
"""

from __future__ import annotations

Known = dict[str, tuple[object, ...]]

# Every query parameter of a route, with its known values.
QUERY: dict[str, Known] = {
    "blobs_search": {
        "afterCursor": (),
        "body": (),
        "content-type": (),
        "environment_id": (),
        "limit": (),
        "max_score": (),
        "sort": (),
        "wait": (),
    },
    "blobs_get_keys": {
        "bucket": (),
        "self": (),
    },
    "pages_list": {
        "limit": (10, 100),
        "offset": (),
    },
    "things_list": {
        "from": (),
        "minSeq": (),
        "states": (),
        "until": (),
    },
    "things_list_readings": {
        "after": (),
        "before": (),
        "count": (),
        "kinds": (),
        "resume": (),
    },
}

# The members of a body that have known values; ``[]`` stands for each item of a list.
BODY: dict[str, Known] = {
    "things_move": {
        "states[]": ("off", "on"),
    },
}
