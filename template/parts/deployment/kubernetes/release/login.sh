# shellcheck shell=bash
# The image goes to the registry beside the code; the cluster trusts the pipeline's identity.
: "${KUBERNETES_SERVER:?set it to the address of the API server}"
: "${KUBERNETES_CA:?set it to the certificate of the API server, as PEM}"
: "${KUBERNETES_AUDIENCE:?set it to the client id that the API server expects in a token}"

log_in() {
    log_in_to_registry
    KUBECONFIG=$(mktemp)
    export KUBECONFIG
    local certificate
    certificate=$(mktemp)
    printf '%s\n' "$KUBERNETES_CA" > "$certificate"
    kubectl config set-cluster production --server="$KUBERNETES_SERVER" --certificate-authority="$certificate" --embed-certs
    kubectl config set-credentials pipeline --token="$(identity_token "$KUBERNETES_AUDIENCE")"
    kubectl config set-context production --cluster=production --user=pipeline
    kubectl config use-context production
}

hand_over() {
    local trainer=$1-trainer
    docker build --target trainer --tag "$trainer" .
    docker push "$trainer"
    TRAINER_IMAGE=$trainer make deploy FLAGS="--yes --image $1"
}
