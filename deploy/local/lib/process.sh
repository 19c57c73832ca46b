# Servers as processes: whether one runs, whether it is ours, and stopping it. Only processes that
# are ours by their command line are signalled.
# shellcheck shell=bash

# runs_as PID NAME MARKER: the process has this name, and the marker among its arguments, word for
# word.
runs_as() {
    local name=
    [[ $1 =~ ^[1-9][0-9]*$ && -r /proc/$1/comm ]] || return 1
    name=$(cat "/proc/$1/comm" 2>/dev/null) || return 1
    [[ $name == "$2" ]] && grep -zqxF -- "$3" "/proc/$1/cmdline" 2>/dev/null
}

# find_server PID_FILE NAME MARKER: prints the server's pid. A pid file can be stale (kill -9, a
# reboot, the number reused by another process) or lost, so the process itself decides; it is also
# searched without the file.
find_server() {
    local pid='' path
    if [[ -r $1 ]]; then
        read -r pid <"$1" || true
    fi
    if runs_as "$pid" "$2" "$3"; then
        printf '%s\n' "$pid"
        return
    fi
    while read -r path; do
        pid=${path#/proc/}
        pid=${pid%/cmdline}
        if runs_as "$pid" "$2" "$3"; then
            printf '%s\n' "$pid"
            return
        fi
    done < <(grep -lszxF -- "$3" /proc/[0-9]*/cmdline 2>/dev/null || true)
    return 1
}

is_gone() {
    ! runs_as "$@"
}

# stop_server LABEL PID NAME MARKER SIGNAL: sends SIGNAL, and kills the server after 30 s.
stop_server() {
    local label=$1 pid=$2 name=$3 marker=$4 signal=$5
    kill -s "$signal" "$pid" 2>/dev/null || true
    if ! await 30 "$label is stopping" is_gone "$pid" "$name" "$marker"; then
        say "$label did not stop in 30 s; ending it"
        kill -s KILL "$pid" 2>/dev/null || true
        await 10 "$label is ending" is_gone "$pid" "$name" "$marker" ||
            fail "$label (pid $pid) cannot be stopped" "look at it with: ps -fp $pid"
    fi
    say "$label stopped"
}

# tcp_answers HOST PORT: a server accepts connections there. The sub-shell hides the message of a
# refused connection.
tcp_answers() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' _ "$1" "$2" 2>/dev/null 9>&-
}

# require_free_port LABEL PORT VARIABLE
require_free_port() {
    tcp_answers 127.0.0.1 "$2" || return 0
    local holder=
    if command -v ss >/dev/null; then
        holder=$(ss -Hltnp "sport = :$2" 2>/dev/null | grep -o 'users:.*' | head -n 1) || true
    fi
    fail "port $2, meant for $1, is taken by something that is not this stack's${holder:+ ($holder)}" \
        "choose another: $3=<port> $0 up" \
        "it is remembered, so the variable is needed only once"
}
