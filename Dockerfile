# One image of the project: Airflow's parts, MLflow and whatever else runs `tocsin`.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.lock pyproject.toml ./
# The lock file also pins the tools of development; as constraints it pins without installing them.
RUN python -m venv /opt/venv \
    && awk '/^uv==/ {mine = 1; print; next} /^[^ ]/ {mine = 0} mine' requirements.lock > uv.txt \
    && python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement uv.txt \
    && uv pip install --no-cache --python /opt/venv --constraint requirements.lock --requirement pyproject.toml --extra stack
# The sources of a checkout, or the wheel that `tocsin init` left: .dockerignore lets no more through.
COPY . .
# Readable by the image's user, whatever umask the folder was made with.
RUN uv pip install --no-cache --python /opt/venv --constraint requirements.lock --no-deps \
        "$(ls wheel/*.whl 2>/dev/null || echo .)" \
    && install --directory /opt/tocsin/airflow \
    && cp -R airflow/dags /opt/tocsin/airflow/dags \
    && chmod -R a+rX /opt/venv /opt/tocsin

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /opt/airflow tocsin
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/tocsin /opt/tocsin
# A new volume takes its owner from the folder that it is mounted on.
RUN install --directory --owner=tocsin --mode=700 /state \
    && install --directory --owner=tocsin /state/backfill /reports /opt/airflow/logs \
        /generated/grafana/dashboards /generated/grafana/provisioning \
        /generated/grafana/prometheus/rules /generated/grafana/prometheus/targets \
    && chown -R tocsin /generated
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/tocsin/airflow/dags \
    DO_NOT_TRACK=true \
    SCARF_NO_ANALYTICS=true \
    MLFLOW_DISABLE_TELEMETRY=true \
    TOCSIN_DATA=/data \
    TOCSIN_REPORTS=/reports \
    TOCSIN_STATE=/state \
    TOCSIN_USE_CASES=/data/use_cases
USER tocsin
WORKDIR /opt/airflow
ENTRYPOINT ["python", "-m", "monitoring.stack.container_start"]
