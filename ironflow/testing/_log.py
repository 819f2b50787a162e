"""The local server's log: what handlers and reducers of the user raise, and mistakes of ours.

It is silent unless logging is set up, as pytest does: a failed test shows it.
"""

from __future__ import annotations

import logging

logger = logging.getLogger("ironflow.testing")
logger.addHandler(logging.NullHandler())  # else what a test makes fail would go to stderr
