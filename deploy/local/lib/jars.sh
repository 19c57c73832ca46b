# Apache Kafka as Maven artifacts: downloaded once into .stack/kafka/lib, and kept by `reset`.
# shellcheck shell=bash

KAFKA_HOME=$STACK_DIR/kafka
JARS=$KAFKA_HOME/lib
JARS_STAMP=$KAFKA_HOME/lib.for

# The contents of the folder and the pom that they are for: an incomplete download, a missing or
# truncated jar and an old version all differ.
jars_sum() {
    { cat -- "$LOCAL/kafka/pom.xml" && find "$JARS" -type f -printf '%f %s\n' | sort; } | sha256sum
}

jars_are_complete() {
    [[ -r $JARS_STAMP && -d $JARS && $(<"$JARS_STAMP") == "$(jars_sum)" ]]
}

copy_jars() {
    rm -rf -- "$JARS.part"
    # Strict checksums, and a short time-out: Maven's default for a silent network is half an hour.
    run_logged 300 "fetching Kafka's jars with Maven (about 45 MB, try $1 of 3)" "$LOGS/maven.log" \
        mvn -B -q -C -f "$LOCAL/kafka/pom.xml" \
        -Dmaven.wagon.http.connectionTimeout=10000 -Daether.connector.connectTimeout=10000 \
        dependency:copy-dependencies -DoutputDirectory="$JARS.part"
}

# Returns 1 if Maven Central is unavailable; the caller decides what that means.
fetch_jars() {
    jars_are_complete && return
    local try
    mkdir -p -- "$KAFKA_HOME"
    for try in 1 2 3; do
        if copy_jars "$try"; then
            rm -rf -- "$JARS" "$JARS_STAMP"
            mv -T -- "$JARS.part" "$JARS"
            jars_sum >"$JARS_STAMP"
            return
        fi
        sleep "$try"
    done
    show_tail "$LOGS/maven.log"
    return 1
}
