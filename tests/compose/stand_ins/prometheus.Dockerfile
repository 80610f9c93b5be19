# In the place of prom/prometheus: Debian's, with the same user, folder and entry point.
FROM tocsin-stand-in/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends prometheus wget \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=nobody --group=nogroup /prometheus \
    && install --directory /etc/prometheus
USER nobody
WORKDIR /prometheus
VOLUME /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]
