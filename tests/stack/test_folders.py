"""The state of a local stack is private, wherever it lies."""

from pathlib import Path

from monitoring.stack.folders import SOCKET_PATH_LIMIT, Folders


def test_every_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    Folders(tmp_path / "state").make()
    found = [path for path in (tmp_path / "state").rglob("*") if path.is_dir()]
    assert len(found) >= 8
    assert {path.stat().st_mode & 0o777 for path in [tmp_path / "state", *found]} == {0o700}


def test_the_socket_of_a_deep_state_lies_in_a_short_private_folder(tmp_path: Path) -> None:
    folders = Folders(tmp_path / ("deep" * 20) / "state")
    folders.make()
    assert len(str(folders.socket)) <= SOCKET_PATH_LIMIT
    assert folders.socket.parent.stat().st_mode & 0o777 == 0o700
    folders.socket.parent.rmdir()


def test_two_deep_states_have_two_sockets(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20)
    assert Folders(deep / "one").socket != Folders(deep / "two").socket
