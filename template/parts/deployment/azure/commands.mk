.PHONY: deploy
deploy:  ## Deploy to Azure; FLAGS=--dry-run shows what it would do
	@bash deploy/azure/deploy.sh $(FLAGS)

