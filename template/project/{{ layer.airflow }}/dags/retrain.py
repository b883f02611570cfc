"""The pipeline as a DAG of Airflow: each step is a task, in a process of the project's own environment."""

from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, chain

ROOT = Path(__file__).resolve().parents[1]
STEPS = (ROOT / "dags" / "steps.txt").read_text(encoding="utf-8").split()
# Steps that can be repeated; training is not, as it may take hours.
RETRIES = {"ingest": 2, "validate": 1, "register": 2, "promote": 2}

with DAG(
    "retrain",
    description="Take new data in, train, and let the new model answer if it is better",
    # Sundays at three, in UTC.
    schedule="0 3 * * 0",
    start_date=datetime(2026, 1, 4),
    catchup=False,
    max_active_runs=1,
):
    chain(
        *(
            BashOperator(
                task_id=step,
                bash_command=f"make --silent step STEP={step}",
                cwd=str(ROOT),
                append_env=True,
                retries=RETRIES.get(step, 0),
                retry_delay=timedelta(seconds=10),
            )
            for step in STEPS
        )
    )
