import os
import subprocess
import sys
from pathlib import Path

import pytest

from certloom.store.data_folder import DataFolder, DataFolderHeld, DataFolderUnusable


def test_a_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "data")
    folder.create()
    folder.create()
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable, match="--data-folder"):
        DataFolder(tmp_path / "file").create()


def test_the_lock_keeps_a_second_server_out_and_names_the_first(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    first.lock()
    with pytest.raises(DataFolderHeld, match=f"process id {os.getpid()}\\."):
        second.lock()
    first.unlock()
    second.lock()
    second.unlock()
    second.unlock()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from certloom.store.data_folder import DataFolder; "
        "DataFolder(pathlib.Path(sys.argv[1])).lock(); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataFolderHeld, match=f"process id {holder.pid}"):
            DataFolder(tmp_path).lock()
        holder.kill()
        holder.wait()
    after = DataFolder(tmp_path)
    after.lock()
    after.unlock()
