# Paths and ports: from the environment, else from an earlier `up`, else the defaults.
# shellcheck shell=bash
# The variables set here are read by the files that are sourced after this one.
# shellcheck disable=SC2034

REPO=$(cd -- "$LOCAL/../.." && pwd)
STACK_DIR=${STACK_DIR:-$REPO/.stack}
[[ $STACK_DIR == /* ]] || STACK_DIR=$PWD/$STACK_DIR
STACK_DIR=${STACK_DIR%/}

# Its presence marks a folder as ours: `reset` deletes, and STACK_DIR may be anything.
MARKER_FILE=$STACK_DIR/charging-stack
PORTS_FILE=$STACK_DIR/ports
LOGS=$STACK_DIR/logs

# setting_of VARIABLE DEFAULT
setting_of() {
    local setting=${!1:-}
    if [[ -z $setting && -r $PORTS_FILE ]]; then
        setting=$(sed -n "s/^$1=//p" "$PORTS_FILE")
    fi
    printf '%s\n' "${setting:-$2}"
}

# port_of VARIABLE DEFAULT
port_of() {
    local port
    port=$(setting_of "$1" "$2")
    if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
        fail "$1=$port is not a port number" "choose one between 1024 and 65535"
    fi
    printf '%s\n' "$port"
}

PG_PORT=$(port_of STACK_PG_PORT 15432)
REDIS_PORT=$(port_of STACK_REDIS_PORT 16379)
KAFKA_PORT=$(port_of STACK_KAFKA_PORT 19092)
CONTROLLER_PORT=$(port_of STACK_KAFKA_CONTROLLER_PORT 19093)

# PostgreSQL's collation, fixed when the data is created, and the language of its messages.
PG_LOCALE=$(setting_of STACK_PG_LOCALE C.UTF-8)
PG_MESSAGES=$(setting_of STACK_PG_MESSAGES C.UTF-8)

# So that `stack env` in another shell, without the variables, refers to the same stack.
remember_ports() {
    cat >"$PORTS_FILE" <<END
STACK_PG_PORT=$PG_PORT
STACK_REDIS_PORT=$REDIS_PORT
STACK_KAFKA_PORT=$KAFKA_PORT
STACK_KAFKA_CONTROLLER_PORT=$CONTROLLER_PORT
STACK_PG_LOCALE=$PG_LOCALE
STACK_PG_MESSAGES=$PG_MESSAGES
END
}

OUR_DATABASE_URL=postgres://charging@127.0.0.1:$PG_PORT/charging
OUR_REDIS_URL=redis://127.0.0.1:$REDIS_PORT
OUR_KAFKA_BROKERS=127.0.0.1:$KAFKA_PORT

# A variable with our own address (after `stack env` was evaluated) still means our own server.
postgres_is_given() { [[ -n ${DATABASE_URL:-} && $DATABASE_URL != "$OUR_DATABASE_URL" ]]; }
redis_is_given() { [[ -n ${REDIS_URL:-} && $REDIS_URL != "$OUR_REDIS_URL" ]]; }
broker_is_given() { [[ -n ${KAFKA_BROKERS:-} && $KAFKA_BROKERS != "$OUR_KAFKA_BROKERS" ]]; }

print_environment() {
    printf 'export DATABASE_URL=%q\n' "${DATABASE_URL:-$OUR_DATABASE_URL}"
    printf 'export REDIS_URL=%q\n' "${REDIS_URL:-$OUR_REDIS_URL}"
    printf 'export KAFKA_BROKERS=%q\n' "${KAFKA_BROKERS:-$OUR_KAFKA_BROKERS}"
}
