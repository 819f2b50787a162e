"""Print what ran and what happened since yesterday, and which runs failed.

The counts are read by SQL and printed as text tables; the failed runs are listed one by one.
Start it with ``IRONFLOW_SERVER_URL=… python examples/nightly_report.py``, from cron for example. It
needs only the server's own tables ``runs`` and ``events``; projections have tables too.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ironflow import IronflowClient, IronflowError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ironflow import models

# A date alone compares well with the times of SQLite, which are text, and with PostgreSQL's.
QUERIES = {
    "Runs": """
        SELECT function_id, status, COUNT(*) AS total FROM runs
        WHERE created_at >= '{since}' GROUP BY function_id, status ORDER BY function_id, status
    """,
    "Events": """
        SELECT name, COUNT(*) AS total FROM events
        WHERE created_at >= '{since}' GROUP BY name ORDER BY COUNT(*) DESC, name
    """,
}


def table(result: models.SqlQueryResponse) -> list[str]:
    """Return the lines of a table, its numbers (which arrive as text) to the right."""
    if not result["rows"]:
        return ["(none)"]
    columns = list(zip(result["columns"], *result["rows"]))
    widths = [max(map(len, column)) for column in columns]
    numeric = [all(value.isdigit() for value in column[1:]) for column in columns]
    lines = []
    for row in (result["columns"], ["-" * width for width in widths], *result["rows"]):
        cells = zip(row, widths, numeric)
        aligned = (text.rjust(width) if n else text.ljust(width) for text, width, n in cells)
        lines.append("  ".join(aligned).rstrip())
    return lines


def failures(client: IronflowClient, since: str) -> Iterator[str]:
    """Yield a line for each run that failed, however many pages of them there are."""
    for run in client.runs_iterate(status="failed", since=f"{since}T00:00:00Z"):
        yield f"{run['id']}  {run['function_id']}  {json.dumps(run.get('error'))}"


def main() -> None:
    since = (datetime.now(timezone.utc) - timedelta(days=1)).date().isoformat()
    try:
        with IronflowClient() as client:
            for title, query in QUERIES.items():
                result = client.sql_create(body={"query": query.format(since=since)})
                print(f"{title} since {since}", *table(result), sep="\n", end="\n\n")
            failed = list(failures(client, since))
            if failed:
                print(f"Failed since {since}", *failed, sep="\n", end="\n\n")
    except IronflowError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
