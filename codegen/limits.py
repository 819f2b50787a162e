"""What the names in a manifest may be: how long, and which ones are taken.

Most combinations of such names fit into the 100 columns of a generated line. The renderers refuse
the rest.
"""

from __future__ import annotations

MAX_NAME = 50
MAX_MODEL = 36
MAX_WIRE_NAME = 30
MAX_ARGUMENT = 35
MAX_PATH = 80
MAX_SUMMARY = 88
MAX_ENUM_VALUE = 60
MAX_TEXT = 2000

# What the generated models use themselves.
TAKEN_MODEL_NAMES = frozenset(
    {"Any", "False", "Literal", "None", "NotRequired", "Optional", "True", "TypedDict", "Union"}
)
