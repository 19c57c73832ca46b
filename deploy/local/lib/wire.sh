# Just enough of Kafka's wire protocol for three requests: Metadata (what a broker has),
# CreateTopics, and IncrementalAlterConfigs (the settings of topics). Kafka's own tools start a JVM for
# each call, and need the jars, which a stack with Tansu or a given broker does not have; this takes
# milliseconds, needs only bash, and works with any broker.
#
# Bytes are handled as hex text. A request is built by concatenation; a response is read from front
# to back in ANSWER.
# shellcheck shell=bash

hex_int16() { printf '%04x' "$(($1 & 0xffff))"; }
hex_int32() { printf '%08x' "$(($1 & 0xffffffff))"; }

hex_string() {
    local i
    hex_int16 "${#1}"
    for ((i = 0; i < ${#1}; i++)); do
        printf '%02x' "'${1:i:1}"
    done
}

# read_hex BYTES: that many bytes from descriptor 3.
read_hex() {
    head -c "$1" <&3 | od -An -v -tx1 | tr -d ' \n'
}

# hex_to_escapes HEX: the escapes \xNN for printf.
hex_to_escapes() {
    # shellcheck disable=SC2001 # older bash has no & in its own replacement
    sed 's/../\\x&/g' <<<"$1"
}

# exchange_frames HOST PORT FRAME: one request, one response (without its length).
exchange_frames() {
    local length
    exec 3<>"/dev/tcp/$1/$2"
    # shellcheck disable=SC2059 # the escapes are the point
    printf "$(hex_to_escapes "$3")" >&3
    length=$(read_hex 4)
    [[ ${#length} == 8 ]] && read_hex "$((16#$length))"
}
export -f read_hex hex_to_escapes exchange_frames

# ask HOST PORT API VERSION BODY: sets ANSWER to the response's body; returns 1 if there was none
# within 10 s.
ask() {
    local frame
    frame=$(hex_int16 "$3")$(hex_int16 "$4")$(hex_int32 1)$(hex_string stack)$5
    frame=$(hex_int32 "$((${#frame} / 2))")$frame
    # shellcheck disable=SC2016 # expanded by the inner shell
    ANSWER=$(timeout 10 bash -c 'exchange_frames "$@"' _ "$1" "$2" "$frame" 2>/dev/null 9>&-) || return 1
    # The first four bytes repeat the correlation id of the request.
    [[ ${ANSWER:0:8} == 00000001 ]] || return 1
    ANSWER=${ANSWER:8}
}

# take_*: cut one value off the front of ANSWER into TAKEN. Integers are signed.
take_int8() { TAKEN=$((16#${ANSWER:0:2})) ANSWER=${ANSWER:2}; }
take_int16() {
    TAKEN=$((16#${ANSWER:0:4})) ANSWER=${ANSWER:4}
    ((TAKEN < 0x8000)) || TAKEN=$((TAKEN - 0x10000))
}
take_int32() {
    TAKEN=$((16#${ANSWER:0:8})) ANSWER=${ANSWER:8}
    ((TAKEN < 0x80000000)) || TAKEN=$((TAKEN - 0x100000000))
}
take_string() {
    take_int16
    local bytes=$((TAKEN > 0 ? TAKEN * 2 : 0)) # -1 is null
    # shellcheck disable=SC2059 # the escapes are the point
    TAKEN=$(printf "$(hex_to_escapes "${ANSWER:0:bytes}")")
    ANSWER=${ANSWER:bytes}
}
skip_int32_array() {
    take_int32
    ANSWER=${ANSWER:TAKEN*8}
}
