"""Settings: what is missing, weak or not understood is refused in words, nothing is guessed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mall.secrets_file import FILE_NAME, load_or_create_secret
from mall.settings import Settings, SettingsError
from tests.mall.server import ROOT, flask

STRONG = "7f3c9a1e5b2d8460c1f7e3a95d0b6842"
ELSEWHERE = "postgresql://owner@db/mall"


def read(var: Path, **more: str) -> Settings:
    """The settings of an environment that holds nothing else."""
    return Settings.from_env({"MALL_VAR": str(var), **more})


def test_nothing_given_is_an_installation_on_this_machine_with_a_key_of_its_own(tmp_path: Path) -> None:
    found = read(tmp_path / "var")
    assert (found.host, found.port, found.workers, found.threads) == ("127.0.0.1", 8000, 2, 32)
    assert (found.database_url, found.redis_url, found.metrics_token) == (None, None, None)
    assert (found.public_url, found.zone.key) == ("http://127.0.0.1:8000", "Asia/Shanghai")
    assert (found.ratelimit_enabled, found.proxies, found.testing) == (True, 0, False)
    assert found.secret_key == (tmp_path / "var" / FILE_NAME).read_text().strip()
    assert read(tmp_path / "var").secret_key == found.secret_key


def test_a_database_of_its_own_without_a_key_of_its_own_is_refused_and_no_key_is_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY is not set, and DATABASE_URL is"):
        read(tmp_path / "var", DATABASE_URL=ELSEWHERE)
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("weak", ["short", STRONG[:31], "a" * 64, "abcabcab" * 8, "changeme" * 8, "password-" * 6])
def test_a_database_of_its_own_with_a_weak_key_is_refused_without_showing_it(tmp_path: Path, weak: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY is too weak") as refused:
        read(tmp_path / "var", DATABASE_URL=ELSEWHERE, SECRET_KEY=weak)
    assert weak not in str(refused.value)
    assert not (tmp_path / "var").exists()


def test_a_database_of_its_own_with_a_strong_key_is_taken(tmp_path: Path) -> None:
    found = read(tmp_path / "var", DATABASE_URL=ELSEWHERE, SECRET_KEY=STRONG)
    assert (found.database_url, found.secret_key) == (ELSEWHERE, STRONG)
    assert not (tmp_path / "var").exists()


def test_a_strong_key_that_holds_a_word_by_chance_is_taken(tmp_path: Path) -> None:
    lucky = "xe_oKNm9YwqoRaH5H0Az8d1COwdeV26deU5wgN0K-_M"
    assert read(tmp_path, DATABASE_URL=ELSEWHERE, SECRET_KEY=lucky).secret_key == lucky


@pytest.mark.parametrize("left", ["", "7f3c9a1e"])
def test_a_key_file_cut_short_is_refused_and_left_as_it_is(tmp_path: Path, left: str) -> None:
    (tmp_path / FILE_NAME).write_text(left)
    with pytest.raises(SettingsError, match="is damaged"):
        read(tmp_path)
    assert (tmp_path / FILE_NAME).read_text() == left


def test_a_folder_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = flask(tmp_path / "file" / "var", "jobs", "list")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert done.stderr.startswith("Error: MALL_VAR cannot be used: ")


def test_no_secret_is_in_the_words_for_settings(tmp_path: Path) -> None:
    told = repr(
        read(tmp_path, DATABASE_URL=ELSEWHERE, REDIS_URL="redis://:pw@r", SECRET_KEY=STRONG, METRICS_TOKEN="opener")
    )
    assert [word for word in (ELSEWHERE, "redis://", STRONG, "opener") if word in told] == []


@pytest.mark.parametrize("name", ["PORT", "WORKERS", "THREADS", "TRUSTED_PROXIES"])
@pytest.mark.parametrize("bad", ["abc", "-1", "1.5", "1e3", "0x10", " 8", "99999", "²", "9" * 5000])
def test_a_number_that_is_none_or_out_of_bounds_is_refused_by_name(tmp_path: Path, name: str, bad: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be a whole number from"):
        read(tmp_path / "var", **{name: bad})


@pytest.mark.parametrize(("text", "meant"), [("0", False), ("no", False), ("OFF", False), ("1", True), ("True", True)])
def test_a_flag_is_read_in_the_usual_words(tmp_path: Path, text: str, meant: bool) -> None:
    assert read(tmp_path, RATELIMIT_ENABLED=text).ratelimit_enabled is meant


def test_other_words_for_a_flag_or_a_zone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RATELIMIT_ENABLED must be 0 or 1"):
        read(tmp_path, RATELIMIT_ENABLED="maybe")
    for zone in ("Mars/Olympus", "../../etc/passwd", "/etc/passwd"):
        with pytest.raises(SettingsError, match="MALL_ZONE is not a known time zone"):
            read(tmp_path, MALL_ZONE=zone)


@pytest.mark.parametrize("bad", [{"PORT": "abc"}, {"DATABASE_URL": ELSEWHERE}, {"MALL_ZONE": "Mars/Olympus"}])
def test_a_command_with_a_bad_setting_ends_with_one_line(tmp_path: Path, bad: dict[str, str]) -> None:
    done = flask(tmp_path / "var", "jobs", "list", **bad)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("Error: ")


def test_twenty_processes_and_twenty_threads_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    var = tmp_path / "var"
    code = (
        "import sys; from pathlib import Path; from mall.secrets_file import load_or_create_secret as f; "
        "print('here', flush=True); sys.stdin.readline(); print(f(Path(sys.argv[1])))"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(var)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(20)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "here\n"  # all are up before any may go
    found: set[str] = set()
    gate = threading.Barrier(20)

    def in_thread() -> None:
        gate.wait(30)
        found.add(load_or_create_secret(var))

    threads = [threading.Thread(target=in_thread) for _ in range(20)]
    for thread in threads:
        thread.start()
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for thread in threads:
        thread.join()
    found |= {racer.communicate(timeout=60)[0].strip() for racer in racers}
    assert len(found) == 1
    assert [path.name for path in var.iterdir()] == [FILE_NAME]
    assert (var / FILE_NAME).stat().st_mode & 0o777 == 0o600
