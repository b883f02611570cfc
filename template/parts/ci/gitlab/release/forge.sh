# shellcheck shell=bash
# What GitLab gives to a job: a proof of who it is, and a registry. Its variables are in the environment already.

# Print the token that tells which project and tag this is; for whom is said by id_tokens in .gitlab/ci/tools.yml.
identity_token() {
    printf '%s' "$ID_TOKEN"
}

log_in_to_registry() {
    export IMAGE_REPOSITORY="$CI_REGISTRY_IMAGE"
    docker login --username "$CI_REGISTRY_USER" --password-stdin "$CI_REGISTRY" <<< "$CI_JOB_TOKEN"
}
