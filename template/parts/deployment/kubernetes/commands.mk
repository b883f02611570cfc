.PHONY: deploy
deploy:  ## Deploy to Kubernetes; FLAGS=--dry-run shows what it would do
	@bash deploy/kubernetes/deploy.sh $(FLAGS)

