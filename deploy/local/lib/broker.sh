# Selects the broker: Apache Kafka, or Tansu if Kafka is unavailable. Both are used through the same
# functions.
# shellcheck shell=bash

BROKER_FILE=$STACK_DIR/broker

# broker_kind: the requested kind, else the one that an earlier `up` selected (another one would not
# have its data), else Kafka.
broker_kind() {
    local asked=${STACK_BROKER:-auto} chosen=
    case $asked in
    kafka | tansu) chosen=$asked ;;
    auto) [[ -r $BROKER_FILE ]] && chosen=$(<"$BROKER_FILE") ;;
    *) fail "STACK_BROKER=$asked must be kafka, tansu or auto" ;;
    esac
    printf '%s\n' "${chosen:-kafka}"
}

# A misspelt STACK_BROKER fails here, for every command.
broker_kind >/dev/null

broker_pid() {
    "$(broker_kind)_pid"
}

# fetch_broker: makes the broker's program available, and selects the kind.
fetch_broker() {
    local kind
    kind=$(broker_kind)
    if [[ $kind == kafka ]] && ! fetch_jars; then
        [[ ${STACK_BROKER:-auto} == auto ]] || fail "Kafka's jars cannot be fetched from Maven Central" \
            "log: $LOGS/maven.log" "check the network, or use the substitute: STACK_BROKER=tansu $0 up"
        say "Kafka's jars cannot be fetched from Maven Central; falling back to the Tansu broker"
        kind=tansu
    fi
    if [[ $kind == tansu ]]; then
        build_tansu
    fi
    printf '%s\n' "$kind" >"$BROKER_FILE"
}

# A broker of the other kind would hold the port.
stop_other_broker() {
    case $(broker_kind) in
    kafka) tansu_down ;;
    tansu) kafka_down ;;
    esac
}

# broker_launch: starts the broker unless it runs and responds; broker_await: waits until it serves,
# including its topics.
broker_launch() {
    local pid
    stop_other_broker
    BROKER_WAS_UP=
    if pid=$(broker_pid); then
        if broker_answers 127.0.0.1 "$KAFKA_PORT"; then
            BROKER_WAS_UP=1
            return
        fi
        say "the broker (pid $pid) does not answer on port $KAFKA_PORT; restarting it"
        broker_down
    fi
    "launch_$(broker_kind)"
}

broker_await() {
    if broker_is_given; then
        local given
        given=$(first_broker)
        require_given Kafka KAFKA_BROKERS "$given" 9092
        say "topics there are left alone; $0 topics creates what is missing"
        return
    fi
    "await_$(broker_kind)"
    if [[ -n $BROKER_WAS_UP ]]; then
        say "$(broker_kind) is already up (pid $(broker_pid), port $KAFKA_PORT)"
    else
        say "$(broker_kind) is up (pid $(broker_pid), port $KAFKA_PORT)"
    fi
    ensure_topics 127.0.0.1 "$KAFKA_PORT"
}

broker_down() {
    kafka_down
    tansu_down
}

broker_reset() {
    kafka_reset
    rm -f -- "$BROKER_FILE"
}
