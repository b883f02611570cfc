.PHONY: deploy
deploy:  ## Deploy to Cloud Run; FLAGS=--dry-run shows what it would do
	@bash deploy/gcp/deploy.sh $(FLAGS)

