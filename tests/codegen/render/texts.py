"""Texts that try to become code, and a manifest that has them everywhere."""

from __future__ import annotations

from ..builders import endpoint, field

INJECTIONS = [
    '"""; import os; os._exit(1) #.',
    "'''; import os; os._exit(1) #.",
    '"; import os; os._exit(1) #.',
    '\\"""; import os; os._exit(1) #.',
    '\\\\"""; import os; os._exit(1) #.',
    "{__import__('os')._exit(1)}.",
    "{os!r:>{os}} %(os)s %s {{}}.",
    "\\N{BULLET} \\x41 \\u0041 \\101 \\n \\q.",
    '"quoted"?',
    "C:\\temp\\new\\.",
    '""""""""""""".',
]
# Only where no period is needed at the end.
ENDINGS = ['Ends in """', 'Ends in """"', 'Ends in \\"""', 'Ends in \\"', '"', '"""']


def everywhere(text):
    """A manifest with this text in every place that takes prose."""
    parameter = {"type": "string", "default": text, "description": text}
    return {
        "manifest_version": 1,
        "server_version": text[:40].strip(),
        "models": {
            "Run": {"description": text, "fields": [field("a", description=text)]},
            "Mixed": {
                "description": text,
                "fields": [
                    field("b", description=text, required=True),
                    field("c", description=text),
                    field("class", description=text),
                ],
            },
        },
        "endpoints": [
            endpoint(
                summary=text,
                description=text,
                name="runs_again",
                name_reason=text,
                path_params=[{"name": "id", "type": "string", "description": text}],
                query=[{"name": "q", **parameter}],
                headers=[{"name": "X-H", **parameter}],
                body={"any": True, "description": text},
                response="Run",
                deprecated={"since": text[:40].strip(), "use": text},
                example={"request": text, "response": {"a": text}},
            ),
            endpoint(path="/x", category="internal", omit_reason=text),
        ],
    }
