"""What stands for ids of rows and labels as they are joined."""

import numpy as np
import pyarrow as pa

from monitoring.sources.logs.id_hashes import IdHashes

NUMBERED = [f"transaction-{day:04}-{row:07}" for day in range(10) for row in range(30_000)]


def test_ids_that_count_upwards_have_numbers_of_their_own() -> None:
    """Of such ids DuckDB's hash gave one the number of another."""
    assert len(np.unique(IdHashes()(pa.array(NUMBERED)))) == len(NUMBERED)


def test_bits_are_even() -> None:
    numbers = IdHashes()(pa.array(NUMBERED))
    for bit in range(64):
        share = ((numbers >> np.uint64(bit)) & np.uint64(1)).mean()
        assert abs(share - 0.5) < 0.01


def test_equal_ids_have_equal_numbers_wherever_they_stand() -> None:
    words = ["", "a", "b", "ä", "12345678", "123456789", "x" * 100, "1", "12345678\0", None]
    hashes = IdHashes()
    alone = [int(hashes(pa.array([word]))[0]) for word in words[:-1]]
    assert hashes(pa.array(words))[:-1].tolist() == alone
    assert len(set(alone)) == len(alone)
    table = pa.chunked_array([pa.array(["before", *words, "after"])]).slice(1, len(words))
    assert hashes(table.chunk(0))[:-1].tolist() == alone


def test_what_stands_for_an_id_can_not_be_foreseen() -> None:
    ids = pa.array(["a", "b"])
    assert IdHashes()(ids).tolist() != IdHashes()(ids).tolist()
    assert IdHashes(np.uint64(1))(ids).tolist() == IdHashes(np.uint64(1))(ids).tolist()


def test_no_ids_are_no_numbers() -> None:
    assert IdHashes()(pa.array([], pa.string())).shape == (0,)
    assert IdHashes()(pa.array([None, None], pa.string())).shape == (2,)
