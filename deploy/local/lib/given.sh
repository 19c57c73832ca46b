# Existing servers of the caller (DATABASE_URL, REDIS_URL, KAFKA_BROKERS): only checked, never
# started or stopped.
# shellcheck shell=bash

# address_of URL DEFAULT_PORT: prints "host port"; the first one of several hosts.
address_of() {
    local rest=${1#*://} host port=$2
    rest=${rest%%[/?,]*}
    rest=${rest##*@}
    host=$rest
    if [[ $rest =~ ^(.*):([0-9]+)$ ]]; then
        host=${BASH_REMATCH[1]}
        port=${BASH_REMATCH[2]}
    fi
    host=${host#\[}
    printf '%s %s\n' "${host%\]}" "$port"
}

first_broker() {
    local host port
    read -r host port < <(address_of "$KAFKA_BROKERS" 9092)
    printf '%s:%s\n' "$host" "$port"
}

given_answers() {
    local host port
    read -r host port < <(address_of "$1" "$2")
    tcp_answers "$host" "$port"
}

# require_given LABEL VARIABLE URL DEFAULT_PORT. The URL is not printed, because it may contain a
# password.
require_given() {
    local host port
    read -r host port < <(address_of "$3" "$4")
    tcp_answers "$host" "$port" || fail "$2 is set, but no server responds at $host:$port" \
        "start that server, or unset $2 to let this stack start its own $1"
    say "$1: using yours ($2, $host:$port)"
}
