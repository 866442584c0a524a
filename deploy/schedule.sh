#!/bin/sh
# Run the pipeline, wait FIELDHOUSE_INTERVAL seconds, and again, until SIGTERM or SIGINT.
#
# A run that fails is not the end: the next one carries on from what was committed. The exit code of
# the last run stands in /tmp/last-exit, where the health check reads it. Arguments go to
# "fieldhouse run". Needs env of GNU coreutils 8.31 or newer, which Debian has.
set -u

interval=${FIELDHOUSE_INTERVAL:-900}
case $interval in
    *[!0-9]*)
        echo "fieldhouse-schedule: FIELDHOUSE_INTERVAL must be a whole number of seconds" >&2
        exit 2
        ;;
esac
child=

# Fieldhouse ends at SIGINT between two pages, and records the run as interrupted.
stop() {
    trap '' TERM INT
    if [ -n "$child" ]; then
        kill -INT "$child" 2>/dev/null
        wait "$child"
    fi
    exit 0
}
trap stop TERM INT

# In the background, since a shell waits for a command in the foreground before it heeds a signal;
# and with SIGINT as it was, since a shell lets its background ignore it.
attend() {
    env --default-signal=INT "$@" &
    child=$!
    wait "$child"
    code=$?
    child=
}

while :; do
    attend fieldhouse run --quiet "$@"
    echo "$code" >/tmp/last-exit
    attend sleep "$interval"
done
