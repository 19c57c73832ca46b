#!/usr/bin/env bash
# Installs the Debian packages in the arguments, as root, and leaves none of Debian's own servers
# behind: they are not started, get no `main` database cluster, and are not enabled for the next
# boot. Existing servers are not touched.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/charging-stack.conf
MARK='# charging stack, temporary'

# A leftover of a killed run has our mark and may be removed; any other policy belongs to the
# machine.
clean_up() {
    if grep -qsF "$MARK" "$POLICY"; then rm -f "$POLICY"; fi
    rm -f "$NO_CLUSTER"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# Debian calls this script before a package starts its service; 101 means "do not".
forbid_service_starts() {
    [[ -e $POLICY ]] && return
    printf '#!/bin/sh\n%s\nexit 101\n' "$MARK" >"$POLICY"
    chmod 755 "$POLICY"
}

install() {
    apt-get install --yes --quiet --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

# postgresql-common first: the server package creates no cluster only if its configuration folder
# exists.
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
