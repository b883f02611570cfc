"""Print what a group of pyproject.toml needs, for pip; with the versions of a model's lineage.json if one is named."""

import json
import sys
import tomllib
from pathlib import Path

group, *lineages = sys.argv[1:]
project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
print(*project["dependencies"], *project["optional-dependencies"][group], sep="\n")
for lineage in lineages:
    versions = json.loads(Path(lineage).read_text(encoding="utf-8"))["versions"]
    # What follows a plus names a build, which the package index does not have.
    print(*(f"{name}=={version.partition('+')[0]}" for name, version in versions.items() if name != "python"), sep="\n")
