"""A retrain by `dag.test()` with MLflow and Tocsin's store on PostgreSQL too, as Airflow's is.

Its candidates have NaN among their parameters, which no JSON column of PostgreSQL takes.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from mlflow import MlflowClient

from monitoring.settings import settings
from monitoring.steps.places import champion_model
from monitoring.use_case import UseCase
from monitoring.use_case_file import load_use_case
from tests.dags.conftest import AS_OF, DATABASE, Airflow
from tests.fixtures.postgres import fresh_database
from tests.fixtures.tiny import write_tiny

pytestmark = pytest.mark.postgres

CANDIDATES = """
xgboost:
  steps: [xgboost.XGBClassifier]
  parameters: {missing: .nan, n_estimators: 20}
  search: {max_depth: [2]}
logistic_regression:
  steps:
    - sklearn.impute.SimpleImputer
    - sklearn.preprocessing.StandardScaler
    - sklearn.linear_model.LogisticRegression
  search: {C: [0.1], simpleimputer__missing_values: [.nan]}
"""


@pytest.fixture
def databases(postgres_url: str) -> Iterator[dict[str, str]]:
    """Empty databases, by the setting that names each."""
    with fresh_database(postgres_url) as mlflow, fresh_database(postgres_url) as store:
        yield {"TOCSIN_MLFLOW_URL": mlflow, "TOCSIN_DATABASE_URL": store}


@pytest.fixture
def case(tocsin_folder: Path) -> UseCase:
    """Return a use case whose candidates have NaN among fixed and among searched parameters."""
    write_tiny("nans", tocsin_folder, rows=4000)
    path = tocsin_folder / "use_cases" / "nans.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["candidates"] = yaml.safe_load(CANDIDATES)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_use_case(path)


def test_parameters_that_are_nan_reach_xcom_mlflow_and_the_model(
    databases: dict[str, str], case: UseCase, airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag_id = f"retrain_{case.name}"
    ran = airflow.run(dag_id, environment=databases, as_of=AS_OF.isoformat())
    log = (airflow.folder / "airflow.log").read_text(errors="replace")
    assert ran.state == "success", log[-4000:]

    searched = handed_over(airflow.environment[DATABASE], dag_id)
    assert searched["logistic_regression.search_params"]["simpleimputer__missing_values"] == "NaN"

    for name, value in (airflow.environment | databases).items():
        if name.startswith("TOCSIN_"):
            monkeypatch.setenv(name, value)
    settings.cache_clear()
    client = MlflowClient(tracking_uri=databases["TOCSIN_MLFLOW_URL"])
    experiment = client.get_experiment_by_name(case.name).experiment_id
    params = {
        run.data.tags["tocsin.candidate"]: run.data.params
        for run in client.search_runs([experiment])
    }
    assert params["xgboost"]["missing"] == "NaN"
    assert params["logistic_regression"]["simpleimputer__missing_values"] == "NaN"
    model = champion_model(case)
    settings.cache_clear()
    assert model is not None
    searched_here = model.parameters.get("simpleimputer__missing_values", math.nan)
    assert math.isnan(searched_here)


def handed_over(database: str, dag_id: str) -> dict[str, dict[str, str]]:
    """Return the parameters that a DAG's tasks left in XCom, as the database has them."""
    query = (
        "SELECT task_id, value FROM xcom "
        "WHERE key = 'return_value' AND task_id LIKE '%search_params' AND dag_id = :dag_id"
    )
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(sa.text(query), {"dag_id": dag_id}).all()
    values = {task: json.loads(value) if isinstance(value, str) else value for task, value in rows}
    return {task: value["parameters"] for task, value in values.items()}
