# The platform's topics: created where missing, then checked for their number of partitions and a leader for each.
# shellcheck shell=bash

METADATA=3
CREATE_TOPICS=19
TOPIC_ALREADY_EXISTS=36

declare -A WANTED=() # topic -> partitions
load_topics() {
    local name partitions rest
    while read -r name partitions rest; do
        [[ -z $name || $name == \#* ]] && continue
        [[ $partitions =~ ^[1-9][0-9]*$ && -z $rest ]] ||
            fail "$LOCAL/topics: cannot read '$name $partitions $rest'" "a line is: name, number of partitions"
        WANTED[$name]=$partitions
    done <"$LOCAL/topics"
}

# metadata_of HOST PORT TOPIC...: leaves ANSWER at the list of topics. 1 unless the broker has joined its cluster.
metadata_of() {
    local host=$1 port=$2 body name brokers left
    shift 2
    body=$(hex_int32 "$#")
    for name in "$@"; do
        body+=$(hex_string "$name")
    done
    ask "$host" "$port" $METADATA 1 "$body" || return 1
    take_int32
    brokers=$TAKEN
    for ((left = brokers; left > 0; left--)); do
        take_int32  # node
        take_string # host
        take_int32  # port
        take_string # rack
    done
    take_int32 # controller
    ((brokers > 0 && TAKEN >= 0))
}

# broker_answers HOST PORT: an open port is not enough; the broker must know itself and a controller.
broker_answers() {
    metadata_of "$1" "$2"
}

create_topics() {
    local host=$1 port=$2 body name count error
    body=$(hex_int32 "${#WANTED[@]}")
    for name in "${!WANTED[@]}"; do
        # Replication -1 is the broker's default; no assignments, no settings.
        body+=$(hex_string "$name")$(hex_int32 "${WANTED[$name]}")$(hex_int16 -1)$(hex_int32 0)$(hex_int32 0)
    done
    body+=$(hex_int32 15000)00 # wait up to 15 s; really do it
    ask "$host" "$port" $CREATE_TOPICS 4 "$body" || fail "the broker at $host:$port does not answer CreateTopics"
    take_int32 # throttle time
    take_int32
    count=$TAKEN
    while ((count-- > 0)); do
        take_string
        name=$TAKEN
        take_int16
        error=$TAKEN
        take_string
        ((error == 0 || error == TOPIC_ALREADY_EXISTS)) ||
            fail "topic $name cannot be created: error $error of the Kafka protocol${TAKEN:+, $TAKEN}"
    done
}

# describe_topics HOST PORT: sets FOUND[topic] to its partitions and LED[topic] to how many of them have a leader.
declare -A FOUND=() LED=()
describe_topics() {
    local topics partitions name error
    FOUND=() LED=()
    metadata_of "$1" "$2" "${!WANTED[@]}" || return 1
    take_int32
    topics=$TAKEN
    while ((topics-- > 0)); do
        take_int16
        error=$TAKEN
        take_string
        name=$TAKEN
        take_int8 # internal?
        take_int32
        partitions=$TAKEN
        ((error != 0)) || FOUND[$name]=$partitions
        LED[$name]=0
        while ((partitions-- > 0)); do
            take_int16
            error=$TAKEN
            take_int32 # index
            take_int32 # leader
            ((error != 0 || TAKEN < 0)) || LED[$name]=$((LED[$name] + 1))
            skip_int32_array # replicas
            skip_int32_array # in sync
        done
    done
}

topics_are_led() {
    local name
    describe_topics "$1" "$2" || return 1
    for name in "${!WANTED[@]}"; do
        ((${FOUND[$name]:-0} > 0 && LED[$name] == FOUND[$name])) || return 1
    done
}

topics_exist() {
    local name
    describe_topics "$1" "$2" || return 1
    for name in "${!WANTED[@]}"; do
        [[ -n ${FOUND[$name]:-} ]] || return 1
    done
}

# ensure_topics HOST PORT
ensure_topics() {
    local name
    load_topics
    topics_exist "$1" "$2" || create_topics "$1" "$2"
    await 30 "topics are getting their leaders" topics_are_led "$1" "$2" ||
        fail "the topics have no leader after 30 s" "look at the broker's log in $LOGS"
    for name in "${!WANTED[@]}"; do
        ((FOUND[$name] == WANTED[$name])) ||
            fail "topic $name has ${FOUND[$name]} partitions and must have ${WANTED[$name]}" \
                "delete the topic, or all data of this stack: $0 reset"
    done
    say "topics: $(for name in "${!WANTED[@]}"; do printf '%s[%s] ' "$name" "${WANTED[$name]}"; done)"
}

topics_command() {
    local address=127.0.0.1:$KAFKA_PORT
    if broker_is_given; then
        address=$(first_broker)
    fi
    broker_answers "${address%:*}" "${address##*:}" || fail "no broker answers at $address" \
        "start this stack's: $0 up" "this command speaks plain Kafka only: no TLS, no SASL"
    ensure_topics "${address%:*}" "${address##*:}"
}
