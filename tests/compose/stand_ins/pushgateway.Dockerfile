# In the place of prom/pushgateway: Debian's, with the same user, folder and entry point.
FROM tocsin-stand-in/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends prometheus-pushgateway wget \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=nobody --group=nogroup /pushgateway
USER nobody
WORKDIR /pushgateway
ENTRYPOINT ["/usr/bin/prometheus-pushgateway"]
