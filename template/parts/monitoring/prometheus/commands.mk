{% if deployment != "none" %}
.PHONY: monitor
monitor: image  ## Start the service with Prometheus, its alerts and dashboard, in containers
	mkdir -p reports/drift
	docker compose --profile monitoring up --detach --wait

{% endif %}
