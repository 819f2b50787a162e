# GENERATED from manifest.json by `python -m codegen generate`; edits here are lost.
# To change it: edit manifest.json or codegen/, run `make sdk-gen-python`, commit both.
# Manifest 2befb7a7e2ece44f, server 0.0.0-golden.
"""Every RPC method of the server, and which members of replies hold models."""

from __future__ import annotations

# Kind, whether it has no side effects, and whether it takes an ``idempotency_key``.
METHODS: dict[str, tuple[str, bool, bool]] = {
    "ServiceWithALongNameThatFillsTheRoom/MethodWithAnEquallyLongNameForIsRoom": (
        "bidi_stream",
        False,
        False,
    ),
    "ThingService/FollowThings": ("server_stream", False, False),
    "ThingService/ListThings": ("unary", True, False),
    "ThingService/MoveThing": ("unary", False, True),
}

# By model, the members that hold models.
NESTED: dict[str, dict[str, str]] = {
    "Page": {"items": "State"},
}
