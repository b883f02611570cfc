"""The command line runs what it says, and speaks plainly when something is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acme_ml.cli import app, main
from acme_ml.config import Config
from acme_ml.inference.naming import write_number
from acme_ml.training.train import Run


def test_every_command_explains_itself() -> None:
    runner = CliRunner()
    listed = runner.invoke(app, ["--help"]).output
    for command in ("data", "train", "tune", "evaluate", "predict", "models", "promote", "rollback"):
        assert command in listed
        assert runner.invoke(app, [command, "--help"]).exit_code == 0


def test_help_does_not_wait_for_the_training_libraries() -> None:
    code = "import acme_ml.cli, sys; print(*sys.modules)"
    src = Path(__file__).parents[1] / "src"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=src, capture_output=True, text=True, check=True)
    assert not {"numpy", "sklearn", "pandas", "matplotlib", "onnxruntime"} & set(loaded.stdout.split())


@pytest.mark.parametrize(
    ("number", "figures", "written"),
    [
        (0.123456, 4, "0.1235"),
        (76_039.4, 4, "76039"),
        (-7_800.2, 2, "-7800"),
        (1e16, 4, "1e+16"),
        (float("nan"), 4, "nan"),
    ],
)
def test_numbers_are_written_without_needless_exponents(number: float, figures: int, written: str) -> None:
    assert write_number(number, figures) == written


def test_data_writes_the_exploratory_page(workspace: Path) -> None:
    result = CliRunner().invoke(app, ["data", "--refresh", "--params", str(workspace / "params.yaml")])
    assert result.exit_code == 0, result.output
    page = (workspace / "reports" / "data" / "index.html").read_text(encoding="utf-8")
    assert "distributions" in page
    assert "data:image/png;base64," in page


def test_evaluate_checks_the_floor(trained: tuple[Config, Run]) -> None:
    config, _ = trained
    result = CliRunner().invoke(app, ["evaluate", "--check", "--params", str(config.root / "params.yaml")])
    assert result.exit_code == 0, result.output
    assert config.evaluation.metric in result.output


def test_a_mistake_gives_a_message_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["project", "train", "--params", str(tmp_path / "none.yaml")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert "none.yaml: no such file" in capsys.readouterr().err
