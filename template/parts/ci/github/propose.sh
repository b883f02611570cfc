# What GitHub gives to a job: gh, which lets git in.

# Let git read the template and write to this repository, and say who does.
log_in() {
    gh auth setup-git
    git config --global url.https://github.com/.insteadOf git@github.com:
    git config user.name "github-actions[bot]"
    git config user.email "41898282+github-actions[bot]@users.noreply.github.com"
}

# Open a pull request for BRANCH, which is checked out; where that fails, the branch is not left there.
propose() {
    local report
    report=$(printf '%s\n' '~~~' "$(git log -1 --format=%b)" '~~~')
    git push --quiet origin "$1"
    gh pr create --head "$1" --title "$(git log -1 --format=%s)" --body "$report" || {
        git push --quiet --delete origin "$1"
        return 1
    }
}
