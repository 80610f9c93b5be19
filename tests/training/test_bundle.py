"""A model on the disk: the same when read, whole or not there, and never a pickle."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.kernel_ridge import KernelRidge

from monitoring.atomic_write import atomic_folder
from monitoring.training import TrainingError
from monitoring.training.bundle import load_model, save_model
from monitoring.training.checksums import TAG, as_tag, checksums, verify
from monitoring.training.pipeline import fitted
from monitoring.training.trusted import dump, load
from tests.training.conftest import QUICK, Job


@pytest.mark.parametrize("candidate", sorted(QUICK))
def test_every_kind_of_candidate_scores_the_same_after_saving_and_loading(
    candidate: str, survey: Job, tmp_path: Path
) -> None:
    few = survey.split.train.take(slice(0, 1000))
    classifier = fitted(survey.case, candidate, few, {}, seed=0)
    dump(classifier, tmp_path / "model.skops")
    before = classifier.predict_proba(survey.split.test.features)
    after = load(tmp_path / "model.skops").predict_proba(survey.split.test.features)
    np.testing.assert_allclose(after, before, rtol=1e-12)


@pytest.mark.parametrize("use_case", ["cards", "survey"])
def test_a_model_is_the_same_after_saving_and_loading(
    use_case: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    job: Job = request.getfixturevalue(use_case)
    model = job.trained.model
    save_model(model, tmp_path / "bundle")
    loaded = load_model(tmp_path / "bundle")
    features = job.split.test.features
    assert np.array_equal(loaded.score(features), model.score(features))
    assert np.array_equal(
        loaded.pipeline.predict(features), model.score(features) >= model.threshold
    )
    for name in ("candidate", "parameters", "threshold", "features", "data_hash", "test",
                 "trained_as_of"):  # fmt: skip
        assert getattr(loaded, name) == getattr(model, name), name
    assert loaded.reference.training.bins_hash == model.reference.training.bins_hash
    assert loaded.reference_sample.equals(model.reference_sample)
    assert loaded.version is None


def test_a_loaded_version_knows_its_number_and_so_does_its_reference(
    cards: Job, tmp_path: Path
) -> None:
    save_model(cards.trained.model, tmp_path / "bundle")
    loaded = load_model(tmp_path / "bundle", version="7")
    assert loaded.version == "7"
    assert loaded.reference.model_version == "7"


def test_no_file_of_a_bundle_is_a_pickle(cards: Job, tmp_path: Path) -> None:
    save_model(cards.trained.model, tmp_path / "bundle")
    assert {path.name for path in (tmp_path / "bundle").iterdir()} == {
        "model.skops", "reference.tocsin", "reference_sample.parquet", "manifest.json",
        "held_out.parquet", "probe.parquet",
    }  # fmt: skip
    assert (tmp_path / "bundle" / "model.skops").read_bytes()[:2] == b"PK"


def test_a_bundle_of_the_layout_before_is_read(cards: Job, tmp_path: Path) -> None:
    folder = as_layout_3(cards, tmp_path / "bundle")
    assert load_model(folder).reference.bins == cards.trained.model.reference.bins


def test_a_reference_that_was_unpacked_on_the_way_is_read(cards: Job, tmp_path: Path) -> None:
    folder = as_layout_3(cards, tmp_path / "bundle")
    recorded = {TAG: as_tag(checksums(folder))}
    path = folder / "reference.json.gz"
    path.write_bytes(gzip.decompress(path.read_bytes()))
    verify(folder, recorded, "version 1")
    assert load_model(folder).reference.bins == cards.trained.model.reference.bins
    path.write_bytes(path.read_bytes().replace(b'"version":', b'"version" :', 1))
    with pytest.raises(TrainingError, match=r"reference\.json\.gz was changed"):
        verify(folder, recorded, "version 1")


def as_layout_3(cards: Job, folder: Path) -> Path:
    """Save a bundle as it was before the reference had a name that invites nobody to unpack it."""
    save_model(cards.trained.model, folder)
    (folder / "reference.tocsin").rename(folder / "reference.json.gz")
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 3}), encoding="utf-8")
    return folder


def saved_by(folder: Path, libraries: dict[str, str]) -> None:
    """Let a bundle say that other libraries wrote it."""
    path = folder / "manifest.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["libraries"] |= libraries
    path.write_text(json.dumps(facts), encoding="utf-8")


def test_other_libraries_that_score_alike_serve_and_it_is_said(
    cards: Job, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_model(cards.trained.model, tmp_path / "bundle")
    assert load_model(tmp_path / "bundle").moved_libraries == ()
    saved_by(tmp_path / "bundle", {"scikit-learn": "1.2.3"})
    (words,) = load_model(tmp_path / "bundle", version="7").moved_libraries
    assert words.startswith("trained with scikit-learn 1.2.3, scored with ")
    assert "version 7 of the model: trained with scikit-learn 1.2.3" in caplog.text
    assert "its own rows have the scores that they had" in caplog.text


def test_other_libraries_that_score_otherwise_are_refused_with_the_cure(
    cards: Job, tmp_path: Path
) -> None:
    save_model(cards.trained.model, tmp_path / "bundle")
    probe = pd.read_parquet(tmp_path / "bundle" / "probe.parquet")
    probe.assign(score=probe["score"] + 0.01).to_parquet(tmp_path / "bundle" / "probe.parquet")
    assert load_model(tmp_path / "bundle").moved_libraries == ()  # the same libraries: not scored
    saved_by(tmp_path / "bundle", {"lightgbm": "3.0"})
    with pytest.raises(TrainingError, match=r"differ by up to 0.01: install .*lightgbm==3.0"):
        load_model(tmp_path / "bundle")


def test_a_type_that_is_not_trusted_is_not_saved(cards: Job, tmp_path: Path) -> None:
    class Stranger(KernelRidge):  # type: ignore[misc]
        pass

    with pytest.raises(TrainingError, match=r"not trusted: .*Stranger.*trusted\.py"):
        dump(Stranger(), tmp_path / "model.skops")
    assert not list(tmp_path.iterdir())


def test_a_type_that_is_not_trusted_is_not_loaded(tmp_path: Path) -> None:
    import os

    from skops.io import dump as skops_dump

    skops_dump(os.getcwd, tmp_path / "model.skops")
    with pytest.raises(TrainingError, match=r"not trusted: .*getcwd"):
        load(tmp_path / "model.skops")


def test_a_save_that_breaks_off_leaves_the_bundle_that_was_there(
    cards: Job, tmp_path: Path
) -> None:
    save_model(cards.trained.model, tmp_path / "bundle")

    def break_off() -> None:
        with atomic_folder(tmp_path / "bundle") as part:
            (part / "manifest.json").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert load_model(tmp_path / "bundle").threshold == cards.trained.model.threshold
    save_model(cards.trained.model, tmp_path / "bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_what_is_no_bundle_says_so(cards: Job, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is not a model's bundle"):
        load_model(tmp_path)
    save_model(cards.trained.model, tmp_path / "bundle")
    manifest = tmp_path / "bundle" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": 99}))
    with pytest.raises(TrainingError, match="layout is 99"):
        load_model(tmp_path / "bundle")


def test_a_column_that_is_missing_is_named(cards: Job) -> None:
    features = cards.split.test.features
    with pytest.raises(TrainingError, match="missing column V3, V7"):
        cards.trained.model.score(features.drop(columns=["V3", "V7"]))


def test_order_and_number_of_columns_change_no_score(cards: Job) -> None:
    model, features = cards.trained.model, cards.split.test.features
    turned = features[features.columns[::-1]].assign(more="words")
    assert np.array_equal(model.score(turned), model.score(features))
    assert model.score(features.iloc[:0]).shape == (0,)
