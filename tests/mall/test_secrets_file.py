"""The secret an installation makes for itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from mall.secrets_file import FILE_NAME, load_or_create_secret


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = load_or_create_secret(tmp_path / "var")
    assert re.fullmatch(r"[0-9a-f]{64}", first)
    assert load_or_create_secret(tmp_path / "var") == first
    assert (tmp_path / "var" / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from mall.secrets_file import load_or_create_secret as f; "
    code += "sys.stdin.readline(); print(f(Path(sys.argv[1])))"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "var")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        for _ in range(6)
    ]
    found = {racer.communicate("go\n", timeout=60)[0] for racer in racers}
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "var").iterdir()] == [FILE_NAME]
