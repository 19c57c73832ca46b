# The engine's settings and storage, for the scripts here; the tests read them from engine.py.
# shellcheck shell=bash
# The variables are used by the scripts that source this file.
# shellcheck disable=SC2034

cache=${IMAGE_CHECK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/charging/image-check}
mkdir -p "$cache/networks"
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
cat >"$CONTAINERS_CONF" <<END
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
cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$cache/storage"
runroot = "$cache/run"
END
