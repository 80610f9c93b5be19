# In the place of versity/versitygw: the same program, as the same user.
FROM tocsin-stand-in/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends wget \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /tmp/vgw /app
COPY versitygw /app/versitygw
ENTRYPOINT ["/app/versitygw"]
