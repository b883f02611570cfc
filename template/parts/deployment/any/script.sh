fail() {
    printf '%s\n' "$2" >&2
    exit "$1"
}

# need NAME MEANING: stop unless the environment has the variable.
need() {
    [ -n "${!1:-}" ] || fail 2 "$1 is not set. It says $2. Set it, and run this again."
}

# run COMMAND...: print it, and run it once the plan is agreed to.
run() {
    printf '  %s\n' "$*"
    if [ "$planning" = no ]; then "$@"; fi
}

# build NAME [FLAG...]: build an image. $tag is made from its content.
build() {
    tag=ID-OF-THE-IMAGE
    run docker build --platform "${PLATFORM:-linux/amd64}" --build-arg PYTHON_IMAGE --tag "$@" .
    if [ "$planning" = no ]; then
        tag=$(docker images --quiet --no-trunc "$1")
        tag=${tag#sha256:}
        tag=${tag:0:12}
    fi
}

# push NAME REFERENCE
push() {
    run docker tag "$1" "$2"
    run docker push "$2"
}

# carry_out STEPS: show what the function would run, ask, and run it.
carry_out() {
    local tool answer
    echo 'This runs:'
    "$1"
    [ "$dry_run" = no ] || exit 0
    [ -n "$image" ] || tools+=(docker)
    for tool in "${tools[@]}"; do
        command -v "$tool" >/dev/null || fail 1 "$tool was not found. README.md says what this needs."
    done
    if [ -z "$image" ]; then
        ls models/*/schema.json >/dev/null 2>&1 || fail 1 'There is no model yet: make train'
    fi
    if [ "$yes" = no ]; then
        [ -t 0 ] || fail 2 'Nothing was done: there is no terminal to ask on. To go on without being asked, add --yes.'
        read -r -p 'Go on? [y/N] ' answer
        [[ $answer == [yY]* ]] || fail 1 'Nothing was done.'
    fi
    planning=no
    "$1"
}

image='' dry_run=no yes=no planning=yes
while [ "$#" -gt 0 ]; do
    case $1 in
        --dry-run) dry_run=yes ;;
        --yes) yes=yes ;;
        --image)
            [ -n "${2:-}" ] || fail 2 '--image needs the reference of an image: --image NAME:TAG'
            image=$2
            shift
            ;;
        *) fail 2 "$1 is unknown. There are --dry-run, --yes and --image REF; README.md lists the variables." ;;
    esac
    shift
done
cd "$(dirname "$0")/../.."
