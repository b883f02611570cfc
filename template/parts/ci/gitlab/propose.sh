# What GitLab gives to a job: a clone. To push takes a token of the project.

# Let git write to this repository, and say who does.
log_in() {
    if [ -z "${TEMPLATE_TOKEN:-}" ]; then
        echo "This job may not push. Make an access token of this project, with the scope write_repository and the role" >&2
        echo "Developer, and set it as the variable TEMPLATE_TOKEN: masked, and protected." >&2
        return 1
    fi
    git remote set-url --push origin "$CI_SERVER_PROTOCOL://template:$TEMPLATE_TOKEN@${CI_REPOSITORY_URL#*@}"
    git config user.name "$GITLAB_USER_NAME"
    git config user.email "$GITLAB_USER_EMAIL"
}

# Open a merge request for BRANCH, which is checked out.
propose() {
    git push --quiet --push-option merge_request.create --push-option merge_request.remove_source_branch \
        --push-option "merge_request.title=$(git log -1 --format=%s)" origin "$1"
}
