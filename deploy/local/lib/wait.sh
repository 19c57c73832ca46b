# Waiting with a time limit: for a condition (`await`) and for a long command (`run_logged`).
# shellcheck shell=bash

# await SECONDS WHAT COMMAND...: runs the command repeatedly until it succeeds; returns 1 when the
# time is up.
await() {
    local limit=$1 what=$2 started=$SECONDS shown=-1 elapsed
    shift 2
    until "$@"; do
        elapsed=$((SECONDS - started))
        if ((elapsed >= limit)); then
            progress_end
            return 1
        fi
        if ((elapsed != shown)); then
            progress "$what" "$elapsed"
            shown=$elapsed
        fi
        sleep 0.1
    done
    progress_end
}

# The current long command. Background children ignore Ctrl-C, so the trap in `stack` kills this one
# by its id.
RUNNING_PID=

end_running() {
    if [[ -n $RUNNING_PID ]]; then
        kill -TERM "$RUNNING_PID" 2>/dev/null || true
    fi
}

has_ended() {
    ! kill -0 "$1" 2>/dev/null
}

# run_logged SECONDS WHAT LOG COMMAND...: runs the command with its output in LOG; returns its exit
# code, or 124 when the time was up. Descriptor 9 is the lock: what the command leaves behind must
# not hold it.
run_logged() {
    local limit=$1 what=$2 log=$3 code=0
    shift 3
    say "$what"
    timeout --kill-after=10 "$limit" "$@" </dev/null >"$log" 2>&1 9>&- &
    RUNNING_PID=$!
    await "$((limit + 20))" "$what" has_ended "$RUNNING_PID" || true
    wait "$RUNNING_PID" || code=$?
    RUNNING_PID=
    return "$code"
}
