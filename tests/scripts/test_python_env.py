from pathlib import Path

import pytest
import python_env


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_these_pythons_will_do(version: tuple[int, int]) -> None:
    assert python_env.check_version(version) is None


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_other_pythons_are_refused_by_number(version: tuple[int, int]) -> None:
    with pytest.raises(python_env.SetupError, match=f"Python 3.{version[1]} will not do"):
        python_env.check_version(version)


def test_an_environment_is_current_until_its_requirements_change(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1\n")
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==1\n")
    assert not python_env.has(tmp_path, "requirements.txt")
    python_env.python(tmp_path).parent.mkdir(parents=True)
    python_env.python(tmp_path).touch()
    stamp = tmp_path / ".venv" / python_env.STAMP
    stamp.write_text("\n".join(python_env.wanted(tmp_path, "requirements.txt")))
    assert python_env.has(tmp_path, "requirements.txt")
    assert not python_env.has(tmp_path, "requirements-dev.txt")
    stamp.write_text("\n".join(python_env.wanted(tmp_path, "requirements-dev.txt")))
    assert python_env.has(tmp_path, "requirements.txt")
    (tmp_path / "requirements.txt").write_text("a==2\n")
    assert not python_env.has(tmp_path, "requirements.txt")


def test_a_machine_with_only_a_c_compiler_lacks_one_for_cpp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_env.shutil, "which", lambda name: "/usr/bin/cc" if name == "cc" else None)
    assert "g++" in python_env.missing_system_packages()
