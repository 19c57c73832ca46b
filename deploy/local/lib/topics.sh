# The platform's topics: creates missing ones, checks their number of partitions and a leader for
# each, and applies their settings.
# shellcheck shell=bash

METADATA=3
CREATE_TOPICS=19
INCREMENTAL_ALTER_CONFIGS=44
TOPIC_ALREADY_EXISTS=36

declare -A WANTED=()   # topic -> partitions
declare -A SETTINGS=() # topic -> name=value,name=value; only topics that have some
load_topics() {
    local name partitions settings rest
    while read -r name partitions settings rest; do
        [[ -z $name || $name == \#* ]] && continue
        [[ $partitions =~ ^[1-9][0-9]*$ && $settings =~ ^([a-z.]+=[^,=]+(,[a-z.]+=[^,=]+)*)?$ && -z $rest ]] ||
            fail "$LOCAL/topics: cannot read '$name $partitions $settings $rest'" \
                "a line is: name, number of partitions, settings as name=value,name=value"
        WANTED[$name]=$partitions
        [[ -z $settings ]] || SETTINGS[$name]=$settings
    done <"$LOCAL/topics"
}

# metadata_of HOST PORT TOPIC...: sets ANSWER to the list of topics. Returns 1 unless the broker has
# joined its cluster.
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

# broker_answers HOST PORT: an open port is not enough; the broker must know itself and a
# controller.
broker_answers() {
    metadata_of "$1" "$2"
}

# settings_of TOPIC [OPERATION]: its settings as a list of the protocol, with the operation in hex
# between name and value.
settings_of() {
    local pair
    local -a pairs
    IFS=, read -ra pairs <<<"${SETTINGS[$1]:-}"
    hex_int32 "${#pairs[@]}"
    for pair in "${pairs[@]}"; do
        hex_string "${pair%%=*}"
        printf '%s' "${2:-}"
        hex_string "${pair#*=}"
    done
}

# Tansu may not support settings of topics; everything else works there.
broker_may_lack_settings() {
    ! broker_is_given && [[ $(broker_kind) == tansu ]]
}

create_topics() {
    local host=$1 port=$2 body name count error settings
    body=$(hex_int32 "${#WANTED[@]}")
    for name in "${!WANTED[@]}"; do
        settings=$(hex_int32 0)
        broker_may_lack_settings || settings=$(settings_of "$name")
        # Replication -1 is the broker's default; no assignments.
        body+=$(hex_string "$name")$(hex_int32 "${WANTED[$name]}")$(hex_int16 -1)$(hex_int32 0)$settings
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

# configure_topics HOST PORT: applies the settings of all topics, and leaves their other settings
# unchanged. Returns 1 with WHY set if the broker refuses.
configure_topics() {
    local host=$1 port=$2 body name count error
    ((${#SETTINGS[@]} > 0)) || return 0
    body=$(hex_int32 "${#SETTINGS[@]}")
    for name in "${!SETTINGS[@]}"; do
        # Of a topic (2) to be set (0).
        body+=02$(hex_string "$name")$(settings_of "$name" 00)
    done
    body+="00" # really do it
    WHY="it does not answer IncrementalAlterConfigs"
    ask "$host" "$port" $INCREMENTAL_ALTER_CONFIGS 0 "$body" || return 1
    take_int32 # throttle time
    take_int32
    count=$TAKEN
    while ((count-- > 0)); do
        take_int16
        error=$TAKEN
        take_string
        WHY="error $error of the Kafka protocol${TAKEN:+, $TAKEN}"
        take_int8 # kind of resource
        take_string
        WHY="topic $TAKEN: $WHY"
        ((error == 0)) || return 1
    done
}

# Kafka must support the settings. On a Tansu that does not, commands live longer than they should.
ensure_settings() {
    local name
    if configure_topics "$1" "$2"; then
        for name in "${!SETTINGS[@]}"; do
            say "topic $name has ${SETTINGS[$name]}"
        done
    elif broker_may_lack_settings; then
        say "warning: Tansu does not support settings of topics ($WHY): old commands stay on commands-down"
    else
        fail "the settings of the topics cannot be set: $WHY" "they are the third column of $LOCAL/topics"
    fi
}

# ensure_topics HOST PORT
ensure_topics() {
    local name
    load_topics
    topics_exist "$1" "$2" || create_topics "$1" "$2"
    await 90 "topics are getting their leaders" topics_are_led "$1" "$2" ||
        fail "the topics have no leader after 90 s" "look at the broker's log in $LOGS"
    for name in "${!WANTED[@]}"; do
        ((FOUND[$name] == WANTED[$name])) ||
            fail "topic $name has ${FOUND[$name]} partitions and must have ${WANTED[$name]}" \
                "delete the topic, or all data of this stack: $0 reset"
    done
    ensure_settings "$1" "$2"
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
