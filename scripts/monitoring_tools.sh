#!/bin/sh
# Put Prometheus, Alertmanager and their tools into the folder $1: Debian's own, and nothing outside the folder is changed.
# From npm come the schemas of what Prometheus's operator takes, and the language of Azure Monitor's queries.
set -eu
folder=$1
mkdir -p "$folder/debian" "$folder/bin"
npm install --silent --no-audit --no-fund --prefix "$folder" \
    @kubernetes-models/prometheus-operator@6.0.0 @kusto/language-service-next@12.4.1
cd "$folder/debian"
apt-get download --quiet prometheus prometheus-alertmanager prometheus-node-exporter || {
    echo "Debian's packages of Prometheus cannot be had: run apt-get update" >&2
    exit 1
}
for package in *.deb; do
    dpkg-deb --extract "$package" .
done
for name in prometheus promtool amtool; do
    ln -sf "../debian/usr/bin/$name" "../bin/$name"
done
# It reads its templates from one place alone: so its root is the folder, with the libraries that it is linked with.
libraries=$(ldd usr/bin/prometheus-alertmanager | grep --only-matching '/[^ ]*')
for library in $libraries; do
    mkdir -p ".${library%/*}"
    cp --dereference "$library" ".$library"
done
cat > ../bin/alertmanager << 'END'
#!/bin/sh
here=$(cd "$(dirname "$0")/../debian" && pwd)
exec unshare --map-root-user chroot "$here" /usr/bin/prometheus-alertmanager "$@"
END
chmod +x ../bin/alertmanager
