.PHONY: repro fetch
repro:  ## Make anew what something has changed for: the page about the data, a model, its numbers
	@test -e data/schema.json -a -e "$(IN)" || $(PYTHON) -m acme_ml data
	$(PYTHON) -m dvc repro $(FLAGS)

fetch:  ## Bring the data that this commit is about
	$(if $(wildcard data/raw/*.dvc),$(PYTHON) -m dvc pull $(wildcard data/raw/*.dvc),@echo "no data is tracked yet: dvc add data/raw/...")

# What is trained on where nothing is but a commit is brought first.
rehearse retrain: fetch

