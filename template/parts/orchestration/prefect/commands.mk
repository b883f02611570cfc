# Nothing is told to anybody, and what Prefect keeps is kept here.
export PREFECT_HOME = $(CURDIR)/.prefect/home
export PREFECT_SERVER_ANALYTICS_ENABLED = false
export PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS = 120
export DO_NOT_TRACK = 1

.PHONY: orchestrate setup-orchestrator
setup-orchestrator: .prefect/ready  ## Install Prefect into an environment of its own, .prefect

orchestrate: .prefect/ready  ## Run the pipeline once as a flow of Prefect
	.prefect/bin/python flows/retrain.py

.prefect/ready:
	$(PYTHON) -m venv .prefect
	.prefect/bin/python -m pip install --quiet "prefect>=3.9.1,<4"
	@touch $@

