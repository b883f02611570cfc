"""Print what groups of pyproject.toml need, for pip; with the versions of a model's lineage.json if one is named."""

import json
import sys
import tomllib
from pathlib import Path

lineages = [word for word in sys.argv[1:] if word.endswith(".json")]
groups = [word for word in sys.argv[1:] if word not in lineages]
project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
needed = [package for group in groups for package in project["optional-dependencies"][group]]
print(*project["dependencies"], *needed, sep="\n")
for lineage in lineages:
    versions = json.loads(Path(lineage).read_text(encoding="utf-8"))["versions"]
    # What follows a plus names a build, which the package index does not have.
    print(*(f"{name}=={version.partition('+')[0]}" for name, version in versions.items() if name != "python"), sep="\n")
