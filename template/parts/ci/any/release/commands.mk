.PHONY: audit
audit: build/scan/bin/pip-audit  ## Look for known vulnerabilities of the packages in the image
	docker run --rm --entrypoint python {{ distribution_name }} -c "import importlib.metadata as found; \
	[print(each.name, each.version.partition('+')[0], sep='==') for each in found.distributions()]" > build/scan/image.txt
	$< --vulnerability-service osv --disable-pip --no-deps --requirement build/scan/image.txt $(FLAGS)

build/scan/bin/pip-audit: build/scan/bin/python
	$< -m pip install --quiet pip-audit==2.10.1

