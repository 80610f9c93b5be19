# In the place of grafana/grafana: a Grafana that was built elsewhere, with the same user and folders.
FROM tocsin-stand-in/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends wget libfontconfig1 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 472 grafana \
    && useradd --system --uid 472 --gid 0 --home-dir /usr/share/grafana grafana
COPY grafana /usr/share/grafana
COPY grafana-run.sh /run.sh
RUN install --directory --owner=grafana --mode=777 /var/lib/grafana /var/log/grafana \
    && install --directory --owner=grafana /etc/grafana /etc/grafana/provisioning \
    && chmod -R a+rX /usr/share/grafana
USER 472
WORKDIR /usr/share/grafana
EXPOSE 3000
ENTRYPOINT ["/run.sh"]
