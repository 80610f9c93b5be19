#!/bin/bash
# What the entry point of PostgreSQL's image does, as far as compose relies on it: on an empty volume
# it makes the cluster, and runs the scripts in a server that only its socket reaches.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
    chown -R postgres "$PGDATA"
    chmod 700 "$PGDATA"
    exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086 # several options
    initdb --username=postgres --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    pg_ctl --wait --options="-c listen_addresses=''" start
    for script in /docker-entrypoint-initdb.d/*.sql; do
        psql --no-psqlrc --set ON_ERROR_STOP=1 --username=postgres --file="$script"
    done
    pg_ctl --wait --mode=fast stop
fi
exec "$@" -c "listen_addresses=*"
