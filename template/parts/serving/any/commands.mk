HOST = 127.0.0.1
PORT = 8000

.PHONY: serve
serve:  ## Serve the newest model over HTTP
	$(PYTHON) -m acme_ml serve --host $(HOST) --port $(PORT)

