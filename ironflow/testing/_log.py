"""The local server's log: exceptions of the user's handlers and reducers, and our own bugs.

It is silent unless logging is configured. pytest does that, and shows it when a test fails.
"""

from __future__ import annotations

import logging

logger = logging.getLogger("ironflow.testing")
logger.addHandler(logging.NullHandler())  # otherwise Python would write them to stderr
