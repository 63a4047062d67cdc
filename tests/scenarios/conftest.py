import asyncio
import shutil
from pathlib import Path

import pytest
from tests.operations.conftest import furnish


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenarios") / "data"
    asyncio.run(furnish(folder))
    return folder


@pytest.fixture
def data_folder(furnished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(furnished, tmp_path / "data"))
