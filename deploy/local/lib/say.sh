# Messages for the user. Everything goes to standard error, so that `stack env` stays clean.
# shellcheck shell=bash

say() {
    printf 'stack: %s\n' "$*" >&2
}

# fail MESSAGE [NEXT STEP...]: prints one line about the error, then what to do, then exits.
fail() {
    printf 'stack: FAILED: %s\n' "$1" >&2
    shift
    local next
    for next in "$@"; do
        printf 'stack:   %s\n' "$next" >&2
    done
    exit 1
}

# show_tail FILE...: the last lines of each log that has any.
show_tail() {
    local log
    for log in "$@"; do
        [[ -s $log ]] || continue
        printf 'stack: last lines of %s:\n' "$log" >&2
        tail -n 20 -- "$log" | sed 's/^/  | /' >&2
    done
}

# progress WHAT SECONDS: on a terminal one line that counts, elsewhere a line every ten seconds.
progress() {
    if [[ -t 2 ]]; then
        printf '\rstack: %s … %d s ' "$1" "$2" >&2
    elif (($2 > 0 && $2 % 10 == 0)); then
        say "$1 … $2 s"
    fi
}

progress_end() {
    if [[ -t 2 ]]; then
        printf '\r\033[K' >&2
    fi
}
