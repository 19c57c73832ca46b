# The stack's folder: created, recognised as ours, and locked while a command changes it.
# shellcheck shell=bash

prepare_folder() {
    if [[ -d $STACK_DIR && ! -e $MARKER_FILE && -n $(ls -A -- "$STACK_DIR" 2>/dev/null) ]]; then
        fail "$STACK_DIR is not empty and not a stack's folder" "set STACK_DIR to a folder of its own"
    fi
    mkdir -p -- "$STACK_DIR" "$LOGS" 2>/dev/null || true
    if ! [[ -w $STACK_DIR && -w $LOGS ]]; then
        fail "no permission to write in $STACK_DIR (owner: $(stat -c %U -- "$STACK_DIR" 2>/dev/null || echo unknown))" \
            "run as that user, or set STACK_DIR to a folder of your own"
    fi
    : >>"$MARKER_FILE"
    # PostgreSQL may run as another user (see postgres.sh), which must be able to reach its data
    # through this folder.
    chmod a+rx -- "$STACK_DIR"
}

# Commands that change the stack run one after the other. The lock is descriptor 9; every server and
# every long command is started with 9>&-, because the lock would otherwise live as long as they do.
take_lock() {
    exec 9>>"$STACK_DIR/lock"
    if ! flock --nonblock 9; then
        say "another stack command is at work in $STACK_DIR; waiting for it (at most 600 s)"
        flock --wait 600 9 || fail "the other stack command did not finish in 600 s" \
            "see who it is: fuser -v '$STACK_DIR/lock'"
    fi
}
