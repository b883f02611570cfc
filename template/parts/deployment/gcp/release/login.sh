# shellcheck shell=bash
# The service account trusts the pipeline's identity: the tools of Google read the token from a file, and there is no key.
: "${GOOGLE_IDENTITY_PROVIDER:?set it to projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/NAME}"
: "${GOOGLE_SERVICE_ACCOUNT:?set it to the e-mail address of the service account that deploys}"
: "${IMAGE_REPOSITORY:?set it to the image in Artifact Registry, without a tag}"

log_in() {
    local token
    token=$(mktemp)
    GOOGLE_APPLICATION_CREDENTIALS=$(mktemp)
    export GOOGLE_APPLICATION_CREDENTIALS
    identity_token "https://iam.googleapis.com/$GOOGLE_IDENTITY_PROVIDER" > "$token"
    gcloud iam workload-identity-pools create-cred-config "$GOOGLE_IDENTITY_PROVIDER" \
        --service-account="$GOOGLE_SERVICE_ACCOUNT" --credential-source-file="$token" \
        --output-file="$GOOGLE_APPLICATION_CREDENTIALS"
    gcloud auth login --quiet --cred-file="$GOOGLE_APPLICATION_CREDENTIALS"
    gcloud auth configure-docker --quiet "${IMAGE_REPOSITORY%%/*}"
}

hand_over() {
    make deploy FLAGS="--yes --image $1"
}
