# The steps of a long task, with a line for each: its number, what is left, and the time that has
# passed. All lines go to standard error.
# shellcheck shell=bash

STEPS=()     # what each step does
DURATIONS=() # its usual duration on two cores, in seconds
COMMANDS=()  # its function
STEP=0
STEP_BEGAN=0
WATCHED_PID=
WATCHED_LOG=

# step SECONDS WHAT FUNCTION: adds a step to the task.
step() {
    DURATIONS+=("$1")
    STEPS+=("$2")
    COMMANDS+=("$3")
}

clock() {
    printf '%d:%02d' "$(($1 / 60))" "$(($1 % 60))"
}

# what_is_left: of this step and of those after it, by their usual durations; nothing for a step
# without a duration.
what_is_left() {
    local left=$((DURATIONS[STEP] - SECONDS + STEP_BEGAN)) later
    ((DURATIONS[STEP] > 0)) || return 0
    ((left > 0)) || left=0
    for later in "${DURATIONS[@]:STEP+1}"; do
        left=$((left + later))
    done
    if ((left > 90)); then
        printf 'about %d minutes left' "$(((left + 30) / 60))"
    elif ((left > 0)); then
        printf 'about a minute left'
    else
        printf 'longer than usual'
    fi
}

step_line() {
    local left
    left=$(what_is_left)
    printf '%s: step %d of %d, %s%s, %s' "$TASK" "$((STEP + 1))" "${#STEPS[@]}" "${STEPS[STEP]}" \
        "${left:+ ($left)}" "$(clock "$SECONDS")"
}

# run_steps: runs all steps, in this shell.
run_steps() {
    for ((STEP = 0; STEP < ${#STEPS[@]}; STEP++)); do
        STEP_BEGAN=$SECONDS
        printf '%s\n' "$(step_line)" >&2
        "${COMMANDS[STEP]}"
    done
    printf '%s: %d steps in %s\n' "$TASK" "${#STEPS[@]}" "$(clock "$SECONDS")" >&2
}

# built_so_far LOG: how far cargo is, such as ", 120 of 480 crates"; nothing if it does not say.
built_so_far() {
    tr '\r' '\n' <"$1" | sed -n 's|.*Building \[[^]]*\] \([0-9]*\)/\([0-9]*\).*|, \1 of \2 crates|p' | tail -n 1
}

# watched COMMAND...: runs a build. On a terminal its output is replaced by a line that counts, and
# shown only if it fails.
watched() {
    local line width status=0
    if [[ ! -t 2 ]]; then
        "$@"
        return
    fi
    WATCHED_LOG=$(mktemp)
    width=$(tput cols 2>/dev/null) || width=80
    # In a process group of its own, so that all of it ends with this script.
    CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=80 CARGO_TERM_COLOR=never \
        setsid "$@" </dev/null >"$WATCHED_LOG" 2>&1 &
    WATCHED_PID=$!
    while kill -0 "$WATCHED_PID" 2>/dev/null; do
        line=$(step_line)$(built_so_far "$WATCHED_LOG")
        # A line that wraps could not be written over.
        printf '\r\033[K%s' "${line:0:width-1}" >&2
        sleep 1
    done
    printf '\r\033[K' >&2
    wait "$WATCHED_PID" || status=$?
    WATCHED_PID=
    ((status == 0)) || tr '\r' '\n' <"$WATCHED_LOG" | grep -v 'Building \[' >&2 || true
    end_watched
    return "$status"
}

# Stops the build that runs, if any, and removes its log.
end_watched() {
    [[ -z $WATCHED_PID ]] || kill -TERM -- "-$WATCHED_PID" 2>/dev/null || true
    [[ -z $WATCHED_LOG ]] || rm -f -- "$WATCHED_LOG"
    WATCHED_PID='' WATCHED_LOG=''
}
