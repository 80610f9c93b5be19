# In the place of python:*-slim-bookworm: `python` is 3.11, with pip and venv, at /usr/local/bin.
FROM tocsin-stand-in/debian
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3.11 python3.11-venv python3-pip \
    && rm -rf /var/lib/apt/lists/* /usr/lib/python3.11/EXTERNALLY-MANAGED \
    && ln -s /usr/bin/python3.11 /usr/local/bin/python \
    && ln -s /usr/bin/python3.11 /usr/local/bin/python3
CMD ["python3"]
