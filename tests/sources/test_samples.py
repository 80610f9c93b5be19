"""What comes with the shipped use cases: small samples, told apart from real and made-up rows."""

import logging
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

from monitoring.sources.source import read_source
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case

HEADERS = {
    "caract": "Num_Acc;jour;mois;an;hrmn;lum;dep;com;agg;int;atm;col;adr;lat;long",
    "lieux": "Num_Acc;catr;voie;v1;v2;circ;nbv;vosp;prof;pr;pr1;plan;lartpc;larrout;surf;infra;"
    "situ;vma",
    "vehicules": "Num_Acc;id_vehicule;num_veh;senc;catv;obs;obsm;choc;manv;motor;occutc",
    "usagers": "Num_Acc;id_usager;id_vehicule;num_veh;place;catu;grav;sexe;an_nais;trajet;secu1;"
    "secu2;secu3;locp;actp;etatp",
}


@pytest.fixture(scope="module")
def accidents() -> UseCase:
    return find_use_case("accidents")


def test_the_sample_of_iris_is_scikit_learn_s(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        checked = read_source(find_use_case("iris"), tmp_path)
    flowers = load_iris(as_frame=True)
    own = checked.rows.features
    assert np.array_equal(own.to_numpy(), flowers.data[list(own.columns)].to_numpy())
    assert checked.rows.true_class is not None
    assert checked.rows.true_class.tolist() == flowers.target.tolist()
    assert (checked.sample, checked.synthetic) == (True, False)
    assert "the small sample that comes with use case iris is read" in caplog.text
    assert "SYNTHETIC" not in caplog.text


def test_the_sample_of_accidents_is_small_and_of_two_years(
    accidents: UseCase, tmp_path: Path
) -> None:
    checked = read_source(accidents, tmp_path)
    assert checked.sample
    assert checked.quarantined == ()
    years = checked.rows.event_time.astype("datetime64[Y]").astype(str)
    assert {year: int((years == year).sum()) for year in ("2023", "2024")} == {
        "2023": 1930,
        "2024": 1982,
    }
    assert checked.rows.features["age"].min() >= 0
    folder = accidents.source.sample
    assert folder is not None
    assert sum(path.stat().st_size for path in (folder / "accidents").glob("*.csv")) < 1_000_000


def table(folder: Path, name: str, year: int, *rows: dict[str, object]) -> None:
    """Write a table of a year as the ministry does: quoted, with semicolons."""
    names = HEADERS[name].split(";")
    lines = [names, *([str(row.get(one, "1")) for one in names] for row in rows)]
    text = "".join(";".join(f'"{word}"' for word in line) + "\n" for line in lines)
    (folder / f"{name}-{year}.csv").write_text(text, encoding="utf-8")


def test_people_meet_the_vehicle_and_the_accident_of_their_own_year(
    accidents: UseCase, tmp_path: Path
) -> None:
    folder = tmp_path / "accidents"
    folder.mkdir()
    for year, catv, lanes in ((2023, 7, "2"), (2024, 33, "-1")):
        number = f"{year}00000001"
        vehicle = {"Num_Acc": number, "id_vehicule": "155 680 557"}
        table(folder, "caract", year, {"Num_Acc": number, "an": year, "hrmn": "23:40"})
        table(folder, "lieux", year, {"Num_Acc": number, "nbv": lanes, "vma": "50"})
        table(folder, "vehicules", year, vehicle | {"catv": catv})
        severities = [{"id_usager": f"20{n}", "grav": n, "an_nais": 1990} for n in (1, 2, 3, 4, -1)]
        table(folder, "usagers", year, *(vehicle | one for one in severities))
    checked = read_source(accidents, tmp_path)
    rows = checked.rows
    assert not checked.sample
    assert len(rows) == 8  # nobody twice, and those whose severity was not recorded are set aside
    assert rows.features["catv"].tolist() == ["7"] * 4 + ["33"] * 4
    assert rows.features["age"].tolist() == [33] * 4 + [34] * 4
    assert rows.features["nbv"].isna().tolist() == [False] * 4 + [True] * 4
    assert rows.true_class is not None
    assert sorted(rows.true_class[:4].tolist()) == [0, 1, 2, 3]
    assert str(rows.event_time[0])[:16] == "2023-01-01T22:40"  # in UTC


def test_made_up_visits_are_told_and_as_hard_to_tell_apart_as_the_real_ones(
    tmp_path: Path,
) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    checked = read_source(find_use_case("ads_clicks"), tmp_path)
    assert checked.synthetic
    assert len(checked.rows) == 1000
    numbers = checked.rows.features.select_dtypes("number")
    model = make_pipeline(StandardScaler(), LogisticRegression())
    # Of the real visits 0.97.
    assert 0.93 < cross_val_score(model, numbers, checked.rows.label).mean() < 0.99
