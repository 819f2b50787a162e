"""The one lock around every import that happens after the package has been loaded.

A child that is forked while another thread imports a module inherits the lock of that module, held
by a thread that the child does not have, and waits for it forever. So whatever the package imports
late, it imports under ``loading``, and a fork waits until that is free.
"""

from __future__ import annotations

import os
from _thread import RLock  # threading has the same one, and takes a millisecond to import

# Reentrant: a signal handler that makes a call may interrupt an import in its own thread.
loading = RLock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=loading.acquire,
        after_in_parent=loading.release,
        after_in_child=loading.release,
    )
