-- Roles and databases of Airflow, MLflow and Tocsin, each its own and closed to the others.
--
--   POSTGRES_AIRFLOW_PASSWORD=... POSTGRES_MLFLOW_PASSWORD=... POSTGRES_TOCSIN_PASSWORD=... \
--       psql --file init-db.sql "postgresql://superuser@host/postgres"
--
-- psql (14 or newer) takes the passwords from its environment. Running it again changes nothing
-- but passwords that have changed. The docker image of PostgreSQL runs it on an empty volume.
\set ON_ERROR_STOP on
\set QUIET on
\getenv airflow_password POSTGRES_AIRFLOW_PASSWORD
\getenv mlflow_password POSTGRES_MLFLOW_PASSWORD
\getenv tocsin_password POSTGRES_TOCSIN_PASSWORD

-- No password shall stand in the server's log; only a superuser may say so, and only where the
-- server logs statements at all is there something to say.
SELECT set_config(name, value, false) AS quiet
FROM (VALUES ('log_statement', 'none'), ('log_min_error_statement', 'panic')) AS logs(name, value)
WHERE current_setting('is_superuser') = 'on'
\g /dev/null
SET password_encryption = 'scram-sha-256';

CREATE TEMPORARY TABLE wanted (name text, password text CHECK (password <> ''));
INSERT INTO wanted VALUES
    ('airflow', :'airflow_password'),
    ('mlflow', :'mlflow_password'),
    ('tocsin', :'tocsin_password');

SELECT format('CREATE ROLE %I', name)
FROM wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', name, password)
FROM wanted
\gexec

SELECT format('CREATE DATABASE %I OWNER %I ENCODING UTF8 TEMPLATE template0', name, name)
FROM wanted
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name)
\gexec

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name)
FROM wanted
\gexec
