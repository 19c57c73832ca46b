# Finds and installs missing Debian packages. debian-packages.sh does the work that needs root.
# shellcheck shell=bash

missing_packages() {
    # Builds need a linker, and some crates a C compiler, or a C++ compiler (librdkafka, for tests).
    command -v cc >/dev/null || printf 'gcc\nlibc6-dev\n'
    command -v c++ >/dev/null || printf 'g++\n'
    if ! postgres_is_given && [[ -z $(postgres_binaries) ]]; then
        printf 'postgresql\n'
    fi
    if ! postgres_is_given && [[ $PG_LOCALE$PG_MESSAGES != C.UTF-8C.UTF-8 && ! -e /usr/share/i18n/locales/en_US ]]; then
        printf 'locales\n'
    fi
    # Also if a server is given: tests start clusters and sentinels of their own. Contains
    # redis-cli.
    command -v redis-server >/dev/null || printf 'redis-server\n'
    if ! broker_is_given && [[ $(broker_kind) == kafka ]]; then
        command -v java >/dev/null || printf 'default-jre-headless\n'
        jars_are_complete || command -v mvn >/dev/null || printf 'maven\n'
    fi
}

# root_prefix PACKAGE...: sets ROOT to the words that make a command run as root.
root_prefix() {
    ROOT=()
    ((EUID == 0)) && return
    local by_hand="let somebody with root run: apt-get install --no-install-recommends $*"
    command -v sudo >/dev/null || fail "these Debian packages are missing: $*; installing them needs root, and there is no sudo" \
        "$by_hand" "then run $0 up again"
    # Ask for the password now, on the terminal; the installation itself has no input.
    sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo true; } ||
        fail "these Debian packages are missing: $*; installing them needs root, and sudo wants a password" \
            "$by_hand" "then run $0 up again"
    ROOT=(sudo -n)
}

install_missing() {
    local packages ROOT
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]})) || return 0
    command -v apt-get >/dev/null || fail "missing on this machine, which is not a Debian: ${packages[*]}" \
        "install what Debian calls by these names, or set DATABASE_URL, REDIS_URL, KAFKA_BROKERS to servers you have"
    root_prefix "${packages[@]}"
    if ! run_logged 900 "installing Debian packages: ${packages[*]}" "$LOGS/install.log" \
        "${ROOT[@]}" bash "$LOCAL/lib/debian-packages.sh" "${packages[@]}"; then
        show_tail "$LOGS/install.log"
        fail "Debian packages could not be installed: ${packages[*]}" \
            "try by hand: apt-get update && apt-get install --no-install-recommends ${packages[*]}"
    fi
}
