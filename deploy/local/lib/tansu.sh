# Tansu, a broker in Rust that speaks Kafka's protocol: the fallback if Maven Central is
# unavailable. It keeps its data in memory and has two known faults (see README.md): use it for the
# demo, not for tests.
# shellcheck shell=bash

TANSU_HOME=$STACK_DIR/tansu
TANSU_VERSION=0.6.0
TANSU=$TANSU_HOME/bin/tansu
TANSU_PID_FILE=$TANSU_HOME/tansu.pid

tansu_pid() {
    find_server "$TANSU_PID_FILE" tansu "$TANSU"
}

# A build of some minutes, done once. Its intermediate files stay below .stack, so that an
# interrupted build continues.
build_tansu() {
    [[ -x $TANSU ]] && return
    command -v cargo >/dev/null || fail "the Tansu broker has to be built, and there is no cargo" \
        "install Rust, or set KAFKA_BROKERS to a broker you have"
    mkdir -p -- "$TANSU_HOME"
    if ! run_logged 3600 "building the Tansu broker with cargo (once; some minutes)" "$LOGS/tansu-build.log" \
        env CARGO_TARGET_DIR="$TANSU_HOME/target" cargo install tansu --version "$TANSU_VERSION" --locked \
        --no-default-features --features dynostore --root "$TANSU_HOME"; then
        show_tail "$LOGS/tansu-build.log"
        fail "the Tansu broker could not be built" "log: $LOGS/tansu-build.log"
    fi
    rm -rf -- "$TANSU_HOME/target"
}

spawn_tansu() {
    tansu_run() {
        # It reads settings from a file `.env` in its working directory, and from variables that are
        # meant for our services.
        cd -- "$TANSU_HOME" || exit 1
        exec env -u OTEL_EXPORTER_OTLP_ENDPOINT -u SCHEMA_REGISTRY setsid nohup "$TANSU" broker \
            --cluster-id charging-stack \
            --listener-url "tcp://127.0.0.1:$KAFKA_PORT" \
            --advertised-listener-url "tcp://127.0.0.1:$KAFKA_PORT" \
            --storage-engine memory://tansu/
    }
    tansu_run </dev/null >"$LOGS/tansu.log" 2>&1 9>&- &
    printf '%s\n' "$!" >"$TANSU_PID_FILE"
}

launch_tansu() {
    require_free_port Tansu "$KAFKA_PORT" STACK_KAFKA_PORT
    mkdir -p -- "$TANSU_HOME"
    spawn_tansu
}

tansu_ready_or_dead() {
    broker_answers 127.0.0.1 "$KAFKA_PORT" || ! tansu_pid >/dev/null
}

await_tansu() {
    await 90 "Tansu is starting" tansu_ready_or_dead || true
    if ! broker_answers 127.0.0.1 "$KAFKA_PORT"; then
        show_tail "$LOGS/tansu.log"
        fail "Tansu does not start" "log: $LOGS/tansu.log"
    fi
}

tansu_down() {
    local pid
    if pid=$(tansu_pid); then
        stop_server Tansu "$pid" tansu "$TANSU" TERM
    fi
    rm -f -- "$TANSU_PID_FILE"
}
