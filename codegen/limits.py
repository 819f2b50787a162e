"""How long the names in a manifest may be.

Most combinations of such names fit into the 100 columns of a generated line. The renderers refuse
the rest.
"""

from __future__ import annotations

MAX_NAME = 50
MAX_MODEL = 36
MAX_WIRE_NAME = 28
MAX_ARGUMENT = 35
MAX_PATH = 80
MAX_SUMMARY = 88
MAX_TEXT = 2000
