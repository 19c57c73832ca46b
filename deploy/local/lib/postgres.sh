# PostgreSQL from Debian's package, with its own data, port and user.
# shellcheck shell=bash

# The folder of its files. PostgreSQL refuses to run as root; it then runs as the user `postgres`,
# which may be unable to reach the checkout (below /root, for example). The replacement is recorded,
# so that every later command finds it.
PG_HOME_FILE=$STACK_DIR/postgres-home
PG_HOME=$STACK_DIR/postgres
if [[ -r $PG_HOME_FILE ]]; then
    read -r PG_HOME <"$PG_HOME_FILE"
fi

# Debian installs every major version separately and none on the PATH: use the version that created
# the data, else the newest.
postgres_binaries() {
    local version=
    if [[ -r $PG_HOME/data/PG_VERSION ]]; then
        version=$(<"$PG_HOME/data/PG_VERSION")
    fi
    if [[ -n $version && -x /usr/lib/postgresql/$version/bin/initdb ]]; then
        printf '%s\n' "/usr/lib/postgresql/$version/bin"
    else
        find /usr/lib/postgresql/*/bin -maxdepth 1 -name initdb -printf '%h\n' 2>/dev/null | sort -V | tail -n 1
    fi
}

as_postgres_owner() {
    # From /, because that user may be unable to enter the caller's folder.
    if ((EUID == 0)); then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups -- env HOME=/ "$@" 9>&-)
    else
        "$@" 9>&-
    fi
}

postgres_pid() {
    find_server "$PG_HOME/data/postmaster.pid" postgres "$PG_HOME/data"
}

postgres_answers() {
    "$(postgres_binaries)/pg_isready" --quiet --timeout=3 --host=127.0.0.1 --port="$PG_PORT" \
        --username=charging --dbname=postgres 9>&-
}

postgres_sql() {
    PGCONNECT_TIMEOUT=10 "$(postgres_binaries)/psql" --no-psqlrc --no-password --quiet --tuples-only --no-align \
        --host=127.0.0.1 --port="$PG_PORT" --username=charging --dbname=postgres --command="$1" </dev/null 9>&-
}

# Everyone can write to /var/tmp: a folder with that name which is a link or not ours must not be
# used.
use_fallback_home() {
    local hash
    hash=$(printf '%s' "$STACK_DIR" | sha256sum)
    PG_HOME=/var/tmp/charging-stack-${hash:0:12}
    if [[ -L $PG_HOME ]] || { [[ -e $PG_HOME ]] && [[ $(stat -c %U -- "$PG_HOME") != postgres ]]; }; then
        fail "$PG_HOME exists and is not PostgreSQL's" "remove it, or set STACK_DIR to a folder the user postgres can reach"
    fi
    printf '%s\n' "$PG_HOME" >"$PG_HOME_FILE"
    say "the user postgres cannot reach $STACK_DIR; its data is in $PG_HOME"
    install -d -o postgres -g postgres -m 700 -- "$PG_HOME"
}

prepare_postgres_home() {
    if ((EUID != 0)); then
        install -d -m 700 -- "$PG_HOME" 2>/dev/null || true
        [[ -O $PG_HOME ]] || fail "$PG_HOME belongs to $(stat -c %U -- "$PG_HOME"), because an earlier run was root's" \
            "run as root, or set STACK_DIR to a folder of your own"
    elif as_postgres_owner test -x "$STACK_DIR"; then
        install -d -o postgres -g postgres -m 700 -- "$PG_HOME"
    else
        use_fallback_home
    fi
}

# The locales of PG_LOCALE and PG_MESSAGES, compiled where only this server looks for them, because
# machines have few.
prepare_locales() {
    local locale name target
    for locale in "$PG_LOCALE" "$PG_MESSAGES"; do
        [[ $locale =~ ^[a-z]{2,3}_[A-Z]{2}\.UTF-8$ ]] || continue
        name=${locale%.UTF-8}
        target=$PG_HOME/locales/$name.utf8
        [[ -d $target ]] && continue
        as_postgres_owner mkdir -p -- "$PG_HOME/locales"
        as_postgres_owner localedef --no-archive --inputfile="$name" --charmap=UTF-8 "$target" >"$LOGS/localedef.log" 2>&1 ||
            fail "the locale $locale cannot be compiled" "is the package locales installed? log: $LOGS/localedef.log"
    done
}

with_locales() {
    as_postgres_owner env LOCPATH="$PG_HOME/locales" "$@"
}

# Created next to its final place and moved there when complete: an interrupted initdb leaves
# nothing that looks like a database.
init_postgres() {
    [[ -d $PG_HOME/data ]] && return
    say "creating the PostgreSQL data folder"
    rm -rf -- "$PG_HOME/data.part"
    if ! with_locales "$(postgres_binaries)/initdb" --pgdata="$PG_HOME/data.part" --username=charging --auth=trust \
        --locale="$PG_LOCALE" --lc-messages=C.UTF-8 --encoding=UTF8 </dev/null >"$LOGS/initdb.log" 2>&1; then
        show_tail "$LOGS/initdb.log"
        fail "initdb failed" "is there space on the disk? log: $LOGS/initdb.log"
    fi
    printf "include = '../stack.conf'\n" >>"$PG_HOME/data.part/postgresql.conf"
    printf '%s\n' "$PG_LOCALE" >"$PG_HOME/data.part/stack-locale"
    mv -T -- "$PG_HOME/data.part" "$PG_HOME/data"
}

# The locale of a cluster is that of its indexes, and never changes.
require_same_locale() {
    local held=C.UTF-8
    [[ -r $PG_HOME/data/stack-locale ]] && held=$(<"$PG_HOME/data/stack-locale")
    [[ $held == "$PG_LOCALE" ]] || fail "the data was created with the locale $held, not $PG_LOCALE" \
        "set STACK_PG_LOCALE=$held, or delete the data with: $0 reset"
}

# Written at every start, so that a changed port or setting takes effect.
write_postgres_settings() {
    local sockets="$PG_HOME"
    # The path of a socket is limited to 107 bytes; TCP suffices.
    ((${#sockets} > 80)) && sockets=
    cat >"$PG_HOME/stack.conf" <<END
listen_addresses = '127.0.0.1'
port = $PG_PORT
unix_socket_directories = '${sockets//\'/\'\'}'
unix_socket_permissions = 0700
max_connections = 400
shared_buffers = 256MB
# Durable as in production: tests of crashes must not depend on this.
fsync = on
synchronous_commit = on
max_wal_size = 2GB
lc_messages = '$PG_MESSAGES'
timezone = 'UTC'
log_timezone = 'UTC'
END
    cat >"$PG_HOME/data/pg_hba.conf" <<END
# One machine, one developer: every local user may connect over loopback, and there is no other way
# in.
local all all trust
host  all all 127.0.0.1/32 trust
END
    ((EUID != 0)) || chown postgres:postgres -- "$PG_HOME/stack.conf" "$PG_HOME/data/pg_hba.conf" "$PG_HOME/data/postgresql.conf"
}

require_postgres_version() {
    local data_version binaries
    data_version=$(cat -- "$PG_HOME/data/PG_VERSION")
    binaries=$(postgres_binaries)
    [[ $binaries == */"$data_version"/bin ]] ||
        fail "the data is PostgreSQL $data_version's, the newest server here is in $binaries" \
            "delete the data with: $0 reset"
}

# Every PostgreSQL process has its data folder as its working directory, whatever its title.
data_is_unused() {
    local cwd
    for cwd in /proc/[0-9]*/cwd; do
        [[ $(readlink -- "$cwd" 2>/dev/null) != "$PG_HOME/data" ]] || return 1
    done
}

# After a crash the workers need a moment to notice, and the pid file stays. If its number belongs
# to another process by now, or to a zombie, PostgreSQL would refuse to start. Without a process in
# the data folder the file can be deleted, and so can the socket and its lock.
clear_crash() {
    [[ -e $PG_HOME/data/postmaster.pid ]] || return 0
    say "PostgreSQL was not stopped properly; it recovers by itself"
    await 60 "PostgreSQL's old processes are leaving" data_is_unused ||
        fail "a PostgreSQL process still works in $PG_HOME/data after 60 s" "look at it with: fuser -v '$PG_HOME/data'"
    rm -f -- "$PG_HOME/data/postmaster.pid" "$PG_HOME"/.s.PGSQL.*
}

launch_postgres() {
    with_locales "$(postgres_binaries)/pg_ctl" start --pgdata="$PG_HOME/data" --log="$PG_HOME/postgres.log" \
        --wait --timeout=180 </dev/null >"$LOGS/pg_ctl.log" 2>&1
}

start_postgres() {
    prepare_postgres_home
    prepare_locales
    init_postgres
    require_postgres_version
    require_same_locale
    require_free_port PostgreSQL "$PG_PORT" STACK_PG_PORT
    write_postgres_settings
    clear_crash
    if ! launch_postgres; then
        show_tail "$PG_HOME/postgres.log" "$LOGS/pg_ctl.log"
        fail "PostgreSQL does not start" "log: $PG_HOME/postgres.log" "to begin anew, deleting its data: $0 reset"
    fi
}

ensure_database() {
    local found
    found=$(postgres_sql "SELECT 1 FROM pg_database WHERE datname = 'charging'") ||
        fail "PostgreSQL runs but does not answer a query" "log: $PG_HOME/postgres.log"
    [[ $found == 1 ]] || postgres_sql 'CREATE DATABASE charging'
}

postgres_up() {
    local pid
    if postgres_is_given; then
        require_given PostgreSQL DATABASE_URL "$DATABASE_URL" 5432
        return
    fi
    if pid=$(postgres_pid); then
        if postgres_answers; then
            ensure_database
            say "PostgreSQL is already up (pid $pid, port $PG_PORT)"
            return
        fi
        say "PostgreSQL (pid $pid) does not answer on port $PG_PORT; restarting it"
        postgres_down
    fi
    start_postgres
    ensure_database
    say "PostgreSQL is up (pid $(postgres_pid), port $PG_PORT)"
}

# SIGINT is PostgreSQL's "fast" shutdown: end the sessions, write everything, stop.
postgres_down() {
    local pid
    if pid=$(postgres_pid); then
        stop_server PostgreSQL "$pid" postgres "$PG_HOME/data" INT
    fi
}

postgres_reset() {
    rm -rf -- "$PG_HOME"
    rm -f -- "$PG_HOME_FILE"
}
