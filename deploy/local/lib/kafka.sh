# Apache Kafka in KRaft mode, broker and controller in one JVM.
# shellcheck shell=bash

KAFKA_DATA=$KAFKA_HOME/data
KAFKA_FORMATTED=$KAFKA_HOME/formatted
KAFKA_PID_FILE=$KAFKA_HOME/kafka.pid
# An argument that only this broker's process has.
KAFKA_MARKER=-Dstack.kafka=$KAFKA_HOME

kafka_pid() {
    find_server "$KAFKA_PID_FILE" java "$KAFKA_MARKER"
}

# kafka_java OPTION... CLASS ARGUMENT...
kafka_java() {
    java -cp "$JARS/*" -Dstack.logs="$LOGS" -Dlog4j2.configurationFile="$LOCAL/kafka/log4j2.xml" "$@"
}

write_kafka_settings() {
    local template
    template=$(<"$LOCAL/kafka/server.properties.in")
    template=${template//@BROKER_PORT@/"$KAFKA_PORT"}
    template=${template//@CONTROLLER_PORT@/"$CONTROLLER_PORT"}
    printf '%s\n' "${template//@DATA_DIR@/"$KAFKA_DATA"}" >"$KAFKA_HOME/server.properties"
}

# 16 random bytes as Kafka writes them, without its two special characters: a leading "-" would be
# read as an option.
random_cluster_id() {
    head -c 16 /dev/urandom | base64 | tr '+/' 'Aa' | tr -d '='
}

# The stamp of the data is written after formatting; a folder without it is incomplete and formatted
# again.
format_kafka() {
    [[ -e $KAFKA_FORMATTED && -e $KAFKA_DATA/meta.properties ]] && return
    say "formatting Kafka's data folder"
    rm -rf -- "$KAFKA_DATA" "$KAFKA_FORMATTED"
    if ! kafka_java -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format --standalone \
        --cluster-id "$(random_cluster_id)" --config "$KAFKA_HOME/server.properties" \
        </dev/null >"$LOGS/kafka-format.log" 2>&1 9>&-; then
        show_tail "$LOGS/kafka-format.log"
        fail "Kafka's data folder could not be formatted" "log: $LOGS/kafka-format.log"
    fi
    : >"$KAFKA_FORMATTED"
}

spawn_kafka() {
    kafka_run() {
        exec setsid nohup java -Xms256m -Xmx512m -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:+ExitOnOutOfMemoryError \
            -Djava.net.preferIPv4Stack=true -Djava.awt.headless=true "$KAFKA_MARKER" -Dstack.logs="$LOGS" \
            -Dlog4j2.configurationFile="$LOCAL/kafka/log4j2.xml" \
            -cp "$JARS/*" kafka.Kafka "$KAFKA_HOME/server.properties"
    }
    kafka_run </dev/null >"$LOGS/kafka.out" 2>&1 9>&- &
    printf '%s\n' "$!" >"$KAFKA_PID_FILE"
}

# Starts the broker without waiting: it takes seconds, in which the others can start.
launch_kafka() {
    require_free_port Kafka "$KAFKA_PORT" STACK_KAFKA_PORT
    require_free_port "Kafka's controller" "$CONTROLLER_PORT" STACK_KAFKA_CONTROLLER_PORT
    write_kafka_settings
    format_kafka
    spawn_kafka
}

# Whether the started process is gone. On a busy machine it takes a moment to become java, so its
# name proves nothing yet.
spawned_is_gone() {
    ! kill -0 "$(<"$KAFKA_PID_FILE")" 2>/dev/null
}

kafka_ready_or_dead() {
    broker_answers 127.0.0.1 "$KAFKA_PORT" || spawned_is_gone
}

await_kafka() {
    await 180 "Kafka is starting" kafka_ready_or_dead || true
    if ! broker_answers 127.0.0.1 "$KAFKA_PORT"; then
        show_tail "$LOGS/kafka.out" "$LOGS/kafka.log"
        fail "Kafka does not start" "log: $LOGS/kafka.log" "to begin anew, deleting its data: $0 reset"
    fi
}

# SIGTERM lets it hand over and close its segments, so that the next start need not check them.
kafka_down() {
    local pid
    if pid=$(kafka_pid); then
        stop_server Kafka "$pid" java "$KAFKA_MARKER" TERM
    fi
    rm -f -- "$KAFKA_PID_FILE"
}

kafka_reset() {
    rm -rf -- "$KAFKA_DATA" "$KAFKA_FORMATTED" "$KAFKA_HOME/server.properties" "$JARS.part"
}
