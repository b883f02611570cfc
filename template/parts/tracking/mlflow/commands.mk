.PHONY: mlflow
mlflow: .mlflow/ready  ## Show the runs that MLflow keeps in this project on its own pages
	MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
	.mlflow/bin/mlflow ui --backend-store-uri sqlite:///mlflow.db --workers 1

# An environment of its own: the pages need much that training does not.
.mlflow/ready:
	$(PYTHON) -m venv .mlflow
	.mlflow/bin/python -m pip install --quiet "mlflow>=3.17,<4"
	@touch $@

