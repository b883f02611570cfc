.PHONY: deploy
deploy:  ## Deploy to AWS; FLAGS=--dry-run shows what it would do
	@bash deploy/aws/deploy.sh $(FLAGS)

