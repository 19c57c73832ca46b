# The table of `stack status`: each part, whether it responds, and whose it is.
# shellcheck shell=bash

ALL_UP=1

row() {
    printf '%-12s %-8s %-8s %-6s %s\n' "$@"
}

# status_of LABEL PORT PID_FUNCTION PROBE...
status_of() {
    local label=$1 port=$2 pid state=down
    pid=$("$3") || pid=-
    shift 3
    if "$@"; then
        state=up
        [[ $pid != - ]] || state=foreign
    elif [[ $pid != - ]]; then
        state=silent
    fi
    [[ $state == up ]] || ALL_UP=
    row "$label" "$state" "$pid" "$port" "127.0.0.1"
}

# status_of_given LABEL VARIABLE URL DEFAULT_PORT
status_of_given() {
    local host port state=down
    read -r host port < <(address_of "$3" "$4")
    if tcp_answers "$host" "$port"; then state=up; else ALL_UP=; fi
    row "$1" "$state" "yours" "$port" "$host ($2)"
}

print_status() {
    row PART STATE PID PORT WHERE
    if postgres_is_given; then
        status_of_given postgres DATABASE_URL "$DATABASE_URL" 5432
    else
        status_of postgres "$PG_PORT" postgres_pid postgres_answers
    fi
    if redis_is_given; then
        status_of_given redis REDIS_URL "$REDIS_URL" 6379
    else
        status_of redis "$REDIS_PORT" redis_pid redis_answers
    fi
    if broker_is_given; then
        status_of_given kafka KAFKA_BROKERS "$KAFKA_BROKERS" 9092
    else
        status_of "$(broker_kind)" "$KAFKA_PORT" broker_pid broker_answers 127.0.0.1 "$KAFKA_PORT"
    fi
    [[ -n $ALL_UP ]]
}
