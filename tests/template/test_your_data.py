"""What docs/your-data.md says of a table is what a project says of it."""

import json
import re
import subprocess
import sys

import pytest

from .rendering import ROOT, Renderer
from .test_code_trees import shell

PAGE = ROOT / "docs" / "your-data.md"
# A table, what params.yaml says of it if anything, and what is said of the table.
EXAMPLE = re.compile(r"```csv\n(.*?)```\n\n(?:```yaml\n(.*?)```\n\n)?```text\n(.*?)```", re.DOTALL)
ASK = """
import json, logging, sys
from pathlib import Path
import yaml
from my_ml_project.config import load_config
from my_ml_project.data.load import read_data
from my_ml_project.errors import ProjectError

logging.basicConfig(format="%(message)s", stream=sys.stdout)
config = load_config(Path("params.yaml"))
for table, choices in json.load(sys.stdin):
    Path("own.csv").write_text(table, encoding="utf-8")
    chosen = {"path": "own.csv", **(yaml.safe_load(choices) or {}).get("data", {})}
    own = config.model_copy(update={"data": type(config.data)(**chosen)})
    try:
        frame, schema = read_data(own, refresh=True)
        for reason, count in frame.attrs["summary"]["rows_left_out"].items():
            print(f"{count} row left out: {reason}")
        for fact in schema.facts():
            print(f"{fact['column']}: {fact['kind']}, {fact['seen in training'] or 'True, False'}"
                  + (", may be missing" if fact["may be missing"] == "yes" else ""))
        for name, reason in schema.ignored.items():
            print(f"{name}: left out, it {reason}")
    except ProjectError as error:
        print(str(error).replace(f"{Path.cwd()}/", ""))
    print("\\x1e")
"""


@pytest.mark.test
def test_the_page_says_what_a_project_says(renderer: Renderer) -> None:
    examples = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(examples) == PAGE.read_text(encoding="utf-8").count("```csv") > 10
    with renderer.project({"task": "clustering", "serving": "none"}) as project:
        environment = {**shell(), "PYTHONPATH": str(project.folder / "src")}
        asked = json.dumps([(table, choices) for table, choices, _ in examples])
        found = subprocess.run(
            [sys.executable, "-c", ASK],
            cwd=project.folder,
            env=environment,
            input=asked,
            capture_output=True,
            text=True,
        )
    assert found.returncode == 0, found.stderr
    said = [each.strip() for each in found.stdout.split("\x1e\n")][:-1]
    assert said == [told.strip() for _, _, told in examples]
