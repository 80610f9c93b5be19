"""The tables of French road accidents as the ministry writes them: CSV, one per table and year.

`python -m benchmarks.accident_tables` writes the sample that comes with the use case `accidents`:
accidents of 2024 drawn from the real tables, and a year 2023 that is generated to look like them.
Given a folder, it writes all of 2024 there, for the study in docs/explanation/systems.md.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.real_data import ROOT, needed_folder
from monitoring.use_case_file import SHIPPED

SAMPLE = SHIPPED / "samples" / "accidents"
REAL, GENERATED = 2024, 2023
ACCIDENTS = 850
"""Of each year: about one megabyte with both."""

_SEED = 0

COLUMNS = {
    "caract": (
        *("Num_Acc", "jour", "mois", "an", "hrmn", "lum", "dep", "com", "agg", "int", "atm"),
        *("col", "adr", "lat", "long"),
    ),
    "lieux": (
        *("Num_Acc", "catr", "voie", "v1", "v2", "circ", "nbv", "vosp", "prof", "pr", "pr1"),
        *("plan", "lartpc", "larrout", "surf", "infra", "situ", "vma"),
    ),
    "vehicules": (
        *("Num_Acc", "id_vehicule", "num_veh", "senc", "catv", "obs", "obsm", "choc", "manv"),
        *("motor", "occutc"),
    ),
    "usagers": (
        *("Num_Acc", "id_usager", "id_vehicule", "num_veh", "place", "catu", "grav", "sexe"),
        *("an_nais", "trajet", "secu1", "secu2", "secu3", "locp", "actp", "etatp"),
    ),
}
"""The ministry's columns of each table, in its order."""

_FILES = {"caract": "caracteristiques"}

Tables = dict[str, pd.DataFrame]


def real_tables() -> Tables:
    """Return the tables of 2024 with the ministry's columns.

    Raises
    ------
    SystemExit
        They are not there.
    """
    folder = needed_folder("accidents_2024/lieux.parquet") / "accidents_2024"
    tables = {
        name: pd.read_parquet(folder / f"{_FILES.get(name, name)}.parquet") for name in COLUMNS
    }
    moment = tables["caract"]["datetime"].dt
    tables["caract"] = tables["caract"].assign(
        jour=moment.day, mois=moment.month, an=moment.year, hrmn=moment.strftime("%H:%M")
    )
    return {name: tables[name][list(columns)] for name, columns in COLUMNS.items()}


def drawn(tables: Tables, accidents: int, rng: np.random.Generator) -> Tables:
    """Return so many accidents, drawn at random, with all their places, vehicles and people."""
    numbers = rng.choice(tables["caract"]["Num_Acc"], accidents, replace=False)
    return {name: table[table["Num_Acc"].isin(numbers)] for name, table in tables.items()}


def generated(tables: Tables, accidents: int, year: int, rng: np.random.Generator) -> Tables:
    """Return accidents that never happened, of a year of which no table is at hand.

    Each takes its vehicles and people from one accident, where it happened from another of the
    same surroundings, and when and in which light from a third; ages are moved by up to three
    years, positions by some kilometres, and the date and all numbers are new.
    """
    made: dict[str, list[pd.DataFrame]] = {name: [] for name in COLUMNS}
    whole = {name: dict(list(tables[name].groupby("Num_Acc"))) for name in ("vehicules", "usagers")}
    caract = tables["caract"]
    lieux = tables["lieux"].set_index("Num_Acc", drop=False)
    by_place = {place: numbers.to_numpy() for place, numbers in caract.groupby("agg")["Num_Acc"]}
    people = caract.sample(accidents, random_state=rng)
    moments = caract.sample(accidents, random_state=rng)
    vehicle, person = 155_000_000, 203_000_000
    for place, (old, when) in enumerate(
        zip(people.itertuples(index=False), moments.itertuples(index=False), strict=True)
    ):
        number = f"{year}{place + 1:08d}"
        there = str(rng.choice(by_place[old.agg]))
        day = pd.Timestamp(f"{year}-01-01") + pd.Timedelta(days=int(rng.integers(365)))
        row = old._asdict() | {
            "Num_Acc": number,
            "jour": day.day,
            "mois": day.month,
            "an": day.year,
            "hrmn": when.hrmn,
            "lum": when.lum,
            "atm": when.atm,
            "adr": "",
            "lat": old.lat + rng.normal(0, 0.05),
            "long": old.long + rng.normal(0, 0.05),
        }
        made["caract"].append(pd.DataFrame([row]))
        site = lieux.loc[[there]].assign(Num_Acc=number, voie="", v1="0", v2="N/A")
        made["lieux"].append(site.reset_index(drop=True))
        cars = whole["vehicules"][old.Num_Acc].copy()
        called = {one: _spaced(vehicle + n) for n, one in enumerate(cars["id_vehicule"].unique())}
        vehicle += len(called)
        made["vehicules"].append(
            cars.assign(Num_Acc=number, id_vehicule=cars["id_vehicule"].map(called))
        )
        those = whole["usagers"][old.Num_Acc].copy()
        born = those["an_nais"] + rng.integers(-4, 3, len(those))
        made["usagers"].append(
            those.assign(
                Num_Acc=number,
                id_usager=[_spaced(person + n) for n in range(len(those))],
                id_vehicule=those["id_vehicule"].map(called),
                an_nais=born.clip(upper=year),
            )
        )
        person += len(those)
    return {
        name: pd.concat(parts, ignore_index=True)[list(COLUMNS[name])]
        for name, parts in made.items()
    }


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def write(tables: Tables, year: int, folder: Path) -> None:
    """Write a file per table as the ministry does: semicolons, quotes, decimal commas."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        shown = table.copy()
        for column in ("id_vehicule", "id_usager"):
            if column in shown:
                shown[column] = shown[column].str.replace(" ", "\N{NO-BREAK SPACE}")
        for column in ("jour", "mois"):
            if column in shown:
                shown[column] = shown[column].astype(int).map("{:02d}".format)
        for column in ("lat", "long"):
            if column in shown:
                shown[column] = shown[column].map(lambda at: f"{at:.8f}".replace(".", ","))
        # What is missing is -1, but in the columns of words.
        coded = [one for one in shown if str(shown[one].dtype) == "Int64" and one != "occutc"]
        shown[coded] = shown[coded].fillna(-1)
        shown.to_csv(
            folder / f"{name}-{year}.csv",
            sep=";",
            index=False,
            quoting=csv.QUOTE_ALL,
            lineterminator="\n",
        )


def main() -> int:
    """Write the sample, or all of 2024 into a folder; return the exit code."""
    tables = real_tables()
    if len(sys.argv) > 1:
        write(tables, REAL, Path(sys.argv[1]))
        return 0
    rng = np.random.default_rng(_SEED)
    write(drawn(tables, ACCIDENTS, rng), REAL, SAMPLE)
    write(generated(tables, ACCIDENTS, GENERATED, rng), GENERATED, SAMPLE)
    size = sum(path.stat().st_size for path in SAMPLE.glob("*.csv"))
    print(f"{SAMPLE.relative_to(ROOT)}: {size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
