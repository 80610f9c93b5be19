"""Files of use cases: what can't be read says so, and costs no other one."""

import os
import tracemalloc
from pathlib import Path

import pytest

from monitoring.use_case import UseCase
from monitoring.use_case_file import (
    SHIPPED,
    UseCaseError,
    all_use_cases,
    find_use_case,
    load_use_case,
    other_files,
    use_case_files,
)
from tests.test_use_case import written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a mapping of fields, not an empty file"),
        ("- fraud", "a mapping of fields, not list"),
        ("name: [", "not valid YAML"),
        ("name: fraud\nname: cards", "'name' is given twice(?s:.*)line 2"),
        ("? [a]\n: 1", "not valid YAML(?s:.*)unhashable"),
        ("!!python/object/apply:os.getcwd []", "not valid YAML: tags"),
        ("name: !!int abc", "not valid YAML: tags(?s:.*)line 1"),
        ("name: &a x\ntitle: *a", "not valid YAML: anchors"),
        ("name: {<<: {a: 1}}", "not valid YAML: merge keys(?s:.*)line 1"),
        (f"name: {'9' * 5000}", "not valid YAML: '9+ is not a number"),
        ("name: 0x_", "not valid YAML: '0x_' is not a number"),
        ("name: 'a\0b'", "not valid YAML: unacceptable character"),
        ('name: "\\ud800"', "not valid YAML: control characters and halves"),
        ('"\\e[31m": 1', "not valid YAML: control characters"),
        ("name: a\n---\nname: b", "not valid YAML: expected a single document"),
        ("name: " + "[" * 3000 + "]" * 3000, "not valid YAML: nested more than 20 levels"),
        ("- " * 100_000, "not valid YAML: nested more than 20 levels"),
        ("a: [" + "x," * 30_000 + "]", "not valid YAML: more than 20,000 keys and values"),
        (f"title: {'x' * 1_000_000}", "larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_use_case_says_so(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UseCaseError, match=said) as caught:
        load_use_case(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_file_that_can_not_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(UseCaseError, match=r"none\.yml: no such use-case file"):
        load_use_case(tmp_path / "none.yml")
    with pytest.raises(UseCaseError, match="is a folder: only regular files"):
        load_use_case(tmp_path)
    (tmp_path / "loop.yml").symlink_to("loop.yml")
    with pytest.raises(UseCaseError, match=r"loop\.yml: can't be read: Too many levels"):
        load_use_case(tmp_path / "loop.yml")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-32"])
def test_a_file_in_another_encoding_says_so(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "encoded.yml"
    path.write_text("title: Café", encoding=encoding)
    with pytest.raises(UseCaseError, match=r"encoded\.yml: not UTF-8 text, from byte \d+ on"):
        load_use_case(path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "marked.yml"
    path.write_text((SHIPPED / "fraud.yml").read_text("utf-8"), encoding="utf-8-sig")
    assert load_use_case(path) == find_use_case("fraud")


def test_aliases_that_stand_for_gigabytes_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "laugh.yml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path.write_text("\n".join(lines), encoding="utf-8")
    tracemalloc.start()
    try:
        with pytest.raises(UseCaseError, match="anchors"):
            load_use_case(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        '? "' + "x" * 900_000 + '"\n: 1',
        "\n".join(f"titl{number}: 1" for number in range(9_000)),
        "candidates: {" + ", ".join(f"c{number}: 1" for number in range(15)) + "}",
        "a: *" + "x" * 900_000,
    ],
    ids=["long field", "many fields", "many errors", "long alias"],
)
def test_a_message_has_a_bounded_length_whatever_is_wrong(tmp_path: Path, text: str) -> None:
    path = tmp_path / "long.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UseCaseError) as caught:
        load_use_case(path)
    assert len(str(caught.value)) < 9_000


def test_an_error_that_nobody_foresaw_is_still_that_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(content: object, *, context: object) -> None:
        raise RecursionError("deep")

    monkeypatch.setattr(UseCase, "model_validate", fails)
    with pytest.raises(UseCaseError, match=r"changed\.yml: can't be read: RecursionError: deep"):
        load_use_case(written(tmp_path, {}))


def test_a_use_case_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UseCaseError, match="'frauds': the use cases are accidents, ads"):
        find_use_case("frauds")


def test_a_folder_adds_use_cases_and_replaces_shipped_ones(tmp_path: Path) -> None:
    path = written(tmp_path, {"title": "Ours"}).rename(tmp_path / "fraud.yml")
    assert use_case_files(tmp_path)["fraud"] == path
    assert find_use_case("fraud", tmp_path).title == "Ours"
    assert "student_depression" in use_case_files(tmp_path)


def test_a_file_may_end_in_yaml_too_but_not_in_both(tmp_path: Path) -> None:
    written(tmp_path, {"title": "Ours"}).rename(tmp_path / "fraud.yaml")
    assert find_use_case("fraud", tmp_path).title == "Ours"
    written(tmp_path, {}).rename(tmp_path / "fraud.yml")
    with pytest.raises(UseCaseError, match=r"fraud\.ya?ml lies beside it: keep one"):
        find_use_case("fraud", tmp_path)


def test_a_broken_file_takes_no_other_with_it(tmp_path: Path) -> None:
    written(tmp_path, {"columns.event_time.origin": "2024-02-30"}).rename(tmp_path / "fraud.yml")
    (tmp_path / "empty.yml").touch()
    (tmp_path / "folder.yml").mkdir()
    (tmp_path / "gone.yml").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "zero.yml").symlink_to("/dev/zero")
    written(tmp_path, {"name": "sound"}).rename(tmp_path / "sound.yml")
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".sound.yml.swp").touch()
    cases = all_use_cases(tmp_path)
    valid = {case.name for case in cases.valid}
    assert valid == {"sound", *use_case_files()} - {"fraud"}
    # A shipped use case that was replaced does not come back where its replacement is broken.
    assert list(cases.broken) == ["empty", "folder", "fraud", "gone", "pipe", "zero"]
    for name, error in cases.broken.items():
        assert f"{tmp_path}/{name}.yml: " in str(error)
    assert other_files(tmp_path) == (tmp_path / "notes.txt",)


@pytest.mark.parametrize("folder", ["missing", "file.yml"])
def test_a_folder_of_use_cases_that_can_not_be_read_is_an_error(
    tmp_path: Path, folder: str
) -> None:
    (tmp_path / "file.yml").touch()
    for read in (use_case_files, all_use_cases, other_files):
        with pytest.raises(UseCaseError, match=rf"TOCSIN_USE_CASES=\S+/{folder} can't be read: "):
            read(tmp_path / folder)


def test_a_use_case_is_named_after_its_file(tmp_path: Path) -> None:
    written(tmp_path, {}).rename(tmp_path / "cards.yml")
    with pytest.raises(UseCaseError, match="'fraud' must be the file's own name, 'cards'"):
        find_use_case("cards", tmp_path)


def test_only_those_that_are_active_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("name: [")
    assert [case.name for case in all_use_cases(tmp_path, {"iris", "fraud"}).valid] == [
        "fraud",
        "iris",
    ]
    assert not all_use_cases(tmp_path, {"iris", "fraud"}).broken
    assert set(all_use_cases(tmp_path, {"broken"}).broken) == {"broken"}


def test_an_active_use_case_that_is_not_there_is_named(tmp_path: Path) -> None:
    (error,) = all_use_cases(tmp_path, {"fraud", "frad"}).broken.values()
    assert "TOCSIN_ACTIVE names 'frad', which is none of the use cases accidents," in str(error)
