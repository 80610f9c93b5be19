# In the place of postgres:*-bookworm: Debian's server, the same user, folders and entry point.
FROM tocsin-stand-in/debian
RUN groupadd --system --gid 999 postgres \
    && useradd --system --gid postgres --uid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres \
    && apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-common \
    && sed -i 's/#create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install --yes --no-install-recommends postgresql gosu \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ || true
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN mkdir /docker-entrypoint-initdb.d \
    && install --directory --owner=postgres --group=postgres --mode=3777 /var/run/postgresql \
    && install --directory --owner=postgres --group=postgres --mode=1777 /var/lib/postgresql/data
ENV PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
CMD ["postgres"]
