# Nothing is told to anybody, and what Airflow keeps is kept here.
export AIRFLOW_HOME = $(CURDIR)/.airflow/home
export AIRFLOW__CORE__DAGS_FOLDER = $(CURDIR)/dags
export AIRFLOW__CORE__LOAD_EXAMPLES = False
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED = False

.PHONY: orchestrate setup-orchestrator
setup-orchestrator: .airflow/ready  ## Install Airflow into an environment of its own, .airflow

orchestrate: .airflow/ready  ## Run the pipeline once as a DAG of Airflow
	.airflow/bin/airflow dags test retrain

.airflow/ready:
	$(PYTHON) -m venv .airflow
	.airflow/bin/python -m pip install --quiet "apache-airflow>=3.3.2,<4"
	.airflow/bin/airflow db migrate
	@touch $@

