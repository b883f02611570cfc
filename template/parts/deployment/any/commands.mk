.PHONY: image up down
image:  ## Build the image that serves the newest model
	@ls models/*/schema.json >/dev/null 2>&1 || { echo "There is no model yet: make train" >&2; exit 1; }
	docker build --build-arg PYTHON_IMAGE --tag {{ distribution_name }} .

up: image  ## Start the service in a container
	docker compose up --detach --wait

down:  ## Stop the container
	docker compose down

