#!/bin/sh
export GF_PATHS_DATA=/var/lib/grafana GF_PATHS_LOGS=/var/log/grafana GF_PATHS_PROVISIONING=/etc/grafana/provisioning
program=$(command -v bin/grafana || command -v bin/grafana-server)
case "$program" in
*grafana) exec "$program" server --homepath=/usr/share/grafana ;;
*) exec "$program" --homepath=/usr/share/grafana ;;
esac
