#!/bin/sh
# Install what executes GitLab's pipelines into the folder $1: a tool of npm, and rsync, with which that copies files.
set -eu
folder=$1
npm install --silent --no-audit --no-fund --prefix "$folder" gitlab-ci-local@4.75.1
mkdir -p "$folder/bin"
ln -sf ../node_modules/.bin/gitlab-ci-local "$folder/bin/gitlab-ci-local"
if command -v rsync > /dev/null; then
    ln -sf "$(command -v rsync)" "$folder/bin/rsync"
    exit
fi
# Debian's own, with the two libraries that a slim system lacks; nothing outside the folder is changed.
mkdir -p "$folder/debian"
cd "$folder/debian"
apt-get download --quiet rsync libpopt0 libxxhash0 || {
    echo "rsync was not found, and Debian's packages cannot be had: install rsync, or run apt-get update" >&2
    exit 1
}
for package in *.deb; do
    dpkg-deb --extract "$package" .
done
cat > ../bin/rsync << 'END'
#!/bin/sh
here=$(cd "$(dirname "$0")/../debian" && pwd)
LD_LIBRARY_PATH=$(echo "$here"/usr/lib/*-linux-gnu) exec "$here/usr/bin/rsync" "$@"
END
chmod +x ../bin/rsync
