# shellcheck shell=bash
# What GitHub gives to a job: its variables, a proof of who it is, and a registry.

# The variables arrive as one text; the deployment reads them from the environment.
eval "$(python3 -c 'import json, os, shlex
for name, value in json.loads(os.environ["VARIABLES"]).items():
    print(f"export {name}={shlex.quote(value)}")')"

# Print a token that tells AUDIENCE which repository and environment this is; it lives for some minutes.
identity_token() {
    curl --fail --silent --show-error --get --data-urlencode "audience=$1" \
        --header "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["value"])'
}

log_in_to_registry() {
    # Names of images are lower-case.
    export IMAGE_REPOSITORY="ghcr.io/${GITHUB_REPOSITORY,,}"
    docker login --username "$GITHUB_ACTOR" --password-stdin ghcr.io <<< "$GITHUB_TOKEN"
}
