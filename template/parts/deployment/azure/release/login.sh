# shellcheck shell=bash
# The application in Entra ID trusts the pipeline's identity: there is no password.
: "${AZURE_CLIENT_ID:?set it to the id of the application that deploys}"
: "${AZURE_TENANT_ID:?set it to the id of the tenant}"
: "${AZURE_SUBSCRIPTION_ID:?set it to the id of the subscription}"
: "${IMAGE_REPOSITORY:?set it to the repository in the container registry, without a tag}"

log_in() {
    az login --service-principal --username "$AZURE_CLIENT_ID" --tenant "$AZURE_TENANT_ID" \
        --federated-token "$(identity_token api://AzureADTokenExchange)" --output none
    az account set --subscription "$AZURE_SUBSCRIPTION_ID"
    # The registry's name is its address up to the first dot.
    az acr login --name "${IMAGE_REPOSITORY%%.*}"
}

hand_over() {
    make deploy FLAGS="--yes --image $1"
}
