#!/usr/bin/env bash
# Builds the image and tries it as strictly as it can be run: read-only, without capabilities, on a volume of its own.
# Needs curl, and docker or podman. RUNNER names another one, BUILDER the command that builds if that is a different one
# (BUILDER="buildah build"). The image stays, the containers and the volume do not.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "image.sh: $*" >&2; exit 1; }

if [ -z "${RUNNER:-}" ]; then
  if docker info >/dev/null 2>&1; then RUNNER=docker; else RUNNER=podman; fi
fi
read -ra build <<<"${BUILDER:-$RUNNER build}"
read -ra run <<<"$RUNNER"
for command in "${build[0]}" "${run[0]}" curl; do
  command -v "$command" >/dev/null || fail "$command is not installed; RUNNER and BUILDER choose others than docker"
done

# Builders whose own format has no place for health checks take Docker's.
export BUILDAH_FORMAT=docker
image=localhost/mixpeek-mock:try
name=mixpeek-mock-try-$$
health=(node /app/dist/cli.cjs health)

clean_up() {
  status=$?
  [ "$status" = 0 ] || "${run[@]}" logs "$name" >&2 || true
  "${run[@]}" rm --force "$name" >/dev/null 2>&1 || true
  "${run[@]}" volume rm "$name" >/dev/null 2>&1 || true
}
trap clean_up EXIT

start() {
  "${run[@]}" run --detach --name "$name" --read-only --cap-drop ALL --security-opt no-new-privileges \
    --volume "$name:/data" --publish 127.0.0.1::4030 "$image" "$@" >/dev/null
  "${run[@]}" exec "$name" "${health[@]}" --wait 30s
  url=http://$("${run[@]}" port "$name" 4030/tcp | head -n 1)/v1/organizations
}

stop() {
  "${run[@]}" stop "$name" >/dev/null
  code=$("${run[@]}" inspect --format '{{.State.ExitCode}}' "$name")
  [ "$code" = 0 ] || fail "exit code $code after SIGTERM"
  "${run[@]}" rm "$name" >/dev/null
}

ask() { curl --fail --silent --show-error --header 'Authorization: Bearer sk_test_xyz789' "$@"; }

"${build[@]}" --tag "$image" .
"${run[@]}" volume create "$name" >/dev/null

start
[ "$("${run[@]}" exec "$name" id -un)" = node ] || fail 'does not run as the user node'
ask "$url" --request PATCH --header 'Content-Type: application/json' --data '{"metadata":{"kept":"yes"}}' >/dev/null
stop

# Arguments leave the address and the database as they are.
start --log-level warn
ask "$url" | grep --quiet --fixed-strings '"metadata":{"kept":"yes"}' || fail 'the change did not survive the restart'
"${run[@]}" exec "$name" "${health[@]}"
stop

echo "$image: built, healthy, keeps its data, stops with exit code 0"
