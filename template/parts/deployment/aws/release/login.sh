# shellcheck shell=bash
# The role trusts the pipeline's identity: the tools of AWS read the token from a file, and there is no key.
: "${AWS_ROLE_ARN:?set it to the role that the pipeline takes on}"
: "${AWS_REGION:?set it to the region, such as eu-west-1}"
: "${IMAGE_REPOSITORY:?set it to the repository in ECR, without a tag}"

log_in() {
    export AWS_ROLE_ARN AWS_REGION AWS_ROLE_SESSION_NAME=pipeline
    AWS_WEB_IDENTITY_TOKEN_FILE=$(mktemp)
    export AWS_WEB_IDENTITY_TOKEN_FILE
    identity_token sts.amazonaws.com > "$AWS_WEB_IDENTITY_TOKEN_FILE"
    local password
    password=$(aws ecr get-login-password --region "$AWS_REGION")
    docker login --username AWS --password-stdin "${IMAGE_REPOSITORY%%/*}" <<< "$password"
}

hand_over() {
    make deploy FLAGS="--yes --image $1"
}
