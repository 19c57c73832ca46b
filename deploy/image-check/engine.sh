# The engine's settings and storage, for the scripts here; the tests get the folder from set-up.
# shellcheck shell=bash
# The variables are used by the scripts that source this file.
# shellcheck disable=SC2034

cache=$("$(dirname -- "${BASH_SOURCE[0]}")/../../.ci/cached")/image-check
mkdir -p "$cache/networks" "$cache/tmp"
log=$cache/set-up.log

say() { printf 'image-check: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}
# The machine is the reason, not this repository.
cannot() {
  say "$*"
  exit 3
}

export CONTAINERS_CONF=$cache/containers.conf CONTAINERS_STORAGE_CONF=$cache/storage.conf
# runc: crun refuses a machine with control groups of both versions. The limits: podman asks for
# more than root of a container may set.
# Replaced at once, because another clone may read them.
replace() { cat >"$1.$$" && mv "$1.$$" "$1"; }
replace "$CONTAINERS_CONF" <<END
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "$cache/networks"
END
replace "$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$cache/storage"
runroot = "$cache/run"
END
