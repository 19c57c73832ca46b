# Redis from Debian's package: memory only, loopback only.
# shellcheck shell=bash

REDIS_HOME=$STACK_DIR/redis

redis_pid() {
    find_server "$REDIS_HOME/redis.pid" redis-server "$REDIS_HOME/redis.conf"
}

redis_answers() {
    local answer
    # shellcheck disable=SC2016 # expanded by the inner shell
    answer=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"; printf "PING\r\n" >&3; IFS= read -r -n 5 line <&3; echo "$line"' \
        _ "$REDIS_PORT" 2>/dev/null 9>&-) && [[ $answer == +PONG ]]
}

write_redis_settings() {
    # set-proc-title: the command line must keep this file's name, by which the process is
    # recognised as ours.
    cat >"$REDIS_HOME/redis.conf" <<END
bind 127.0.0.1
port $REDIS_PORT
daemonize yes
set-proc-title no
pidfile "$REDIS_HOME/redis.pid"
logfile "$LOGS/redis.log"
dir "$REDIS_HOME"
save ""
appendonly no
END
}

start_redis() {
    require_free_port Redis "$REDIS_PORT" STACK_REDIS_PORT
    mkdir -p -- "$REDIS_HOME"
    write_redis_settings
    if ! redis-server "$REDIS_HOME/redis.conf" </dev/null >"$LOGS/redis.out" 2>&1 9>&- ||
        ! await 60 "Redis is starting" redis_answers; then
        show_tail "$LOGS/redis.out" "$LOGS/redis.log"
        fail "Redis does not start" "log: $LOGS/redis.log"
    fi
}

redis_up() {
    local pid
    if redis_is_given; then
        require_given Redis REDIS_URL "$REDIS_URL" 6379
        return
    fi
    if pid=$(redis_pid); then
        if redis_answers; then
            say "Redis is already up (pid $pid, port $REDIS_PORT)"
            return
        fi
        say "Redis (pid $pid) does not answer on port $REDIS_PORT; restarting it"
        redis_down
    fi
    start_redis
    say "Redis is up (pid $(redis_pid), port $REDIS_PORT)"
}

redis_down() {
    local pid
    if pid=$(redis_pid); then
        stop_server Redis "$pid" redis-server "$REDIS_HOME/redis.conf" TERM
    fi
}

redis_reset() {
    rm -rf -- "$REDIS_HOME"
}
