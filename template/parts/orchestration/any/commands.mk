.PHONY: step
STEP = ingest
step:
	@$(PYTHON) -m acme_ml pipeline step $(STEP)

