.PHONY: retrain
retrain: pipeline

.PHONY: secrets
secrets: build/scan/bin/detect-secrets-hook  ## Look for keys and passwords in the files that git holds
	git ls-files -z > build/scan/files
	xargs -0 $< < build/scan/files

# The scanners have an environment of their own, so that nothing of theirs meets the project's packages.
build/scan/bin/python:
	$(PYTHON) -m venv build/scan

build/scan/bin/detect-secrets-hook: build/scan/bin/python
	$< -m pip install --quiet detect-secrets==1.5.0

