#!/usr/bin/env bash
# Installs the Debian packages named as arguments, as root, and leaves no server of Debian's own behind: not started now,
# no `main` database cluster, not enabled for the next boot. Servers already on the machine are not touched.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/charging-stack.conf
MARK='# charging stack, temporary'

# A leftover of a run that was killed carries our mark and is ours to remove; any other policy is the machine's own.
clean_up() {
    if grep -qsF "$MARK" "$POLICY"; then rm -f "$POLICY"; fi
    rm -f "$NO_CLUSTER"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# Debian asks this script before a package starts its service; 101 is "do not".
forbid_service_starts() {
    [[ -e $POLICY ]] && return
    printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" >"$POLICY"
    chmod 755 "$POLICY"
}

install() {
    apt-get install --yes --quiet --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

# postgresql-common first: only with its configuration folder in place can the server package be told to make no cluster.
install_postgres() {
    install postgresql-common
    mkdir -p "${NO_CLUSTER%/*}"
    printf 'create_main_cluster = false\n' >"$NO_CLUSTER"
    install "$1"
}

forbid_service_starts
apt-get update --quiet -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3
others=()
for package in "$@"; do
    if [[ $package == postgresql ]]; then
        install_postgres "$package"
    else
        others+=("$package")
    fi
done
if ((${#others[@]})); then
    install "${others[@]}"
fi
if [[ " $* " == *" redis-server "* && -d /run/systemd/system ]]; then
    systemctl disable --quiet redis-server.service || true
fi
