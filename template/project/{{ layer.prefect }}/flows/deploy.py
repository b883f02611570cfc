"""Tell Prefect of the flow and its schedule; a worker of the pool takes it up."""

import sys
from pathlib import Path

from prefect import flow

ROOT = Path(__file__).parents[1]
POOL = "local"
# Sundays at three, in UTC.
SCHEDULE = "0 3 * * 0"

if __name__ == "__main__":
    try:
        retrain = flow.from_source(source=str(ROOT), entrypoint="flows/retrain.py:retrain")
        retrain.deploy(name="weekly", work_pool_name=POOL, cron=SCHEDULE)
    except Exception as error:
        hint = f"is Prefect started at PREFECT_API_URL, and does it have the work pool {POOL!r}?"
        sys.exit(f"Error: the flow was not deployed: {error}; {hint}")
