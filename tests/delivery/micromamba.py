"""A micromamba, mamba or conda in miniature: `create` or `install` from an environment.yml, out of one local channel.

The channel that the file calls conda-forge is the folder that LOCAL_CHANNEL names; there is no other.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import rattler
import yaml

ALWAYS_YES = {"conda": "CONDA_ALWAYS_YES", "mamba": "MAMBA_ALWAYS_YES", "micromamba": "MAMBA_ALWAYS_YES"}


def main() -> None:
    """Do what the command line says."""
    command = Path(sys.argv[0]).name
    words = sys.argv[1:] if command == "micromamba" else sys.argv[2:]
    assert command == "micromamba" or sys.argv[1] == "env"
    assert os.environ[ALWAYS_YES[command]] == "true", "a person would be asked here"
    parser = argparse.ArgumentParser()
    parser.add_argument("action", choices=["create", "install"] if command == "micromamba" else ["create", "update"])
    parser.add_argument("--prune", action="store_true")
    parser.add_argument("--prefix", type=Path, required=True)
    parser.add_argument("--file", type=Path, required=True)
    arguments = parser.parse_args(words)
    exists = (arguments.prefix / "conda-meta" / "history").exists()
    assert exists == (arguments.action != "create"), f"{arguments.action} with {arguments.prefix}"
    asyncio.run(install(arguments.prefix.resolve(), yaml.safe_load(arguments.file.read_text(encoding="utf-8"))))


async def install(prefix: Path, environment: dict[str, list[Any]]) -> None:
    """Solve strictly, and install; then let pip install what it is asked for."""
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    specs = [rattler.MatchSpec(line, strict=True) for line in environment["dependencies"] if isinstance(line, str)]
    gateway = rattler.Gateway(cache_dir=Path(os.environ["LOCAL_CHANNEL"] + "-cache"))
    channel = rattler.Channel(Path(os.environ["LOCAL_CHANNEL"]).as_uri())
    records = await rattler.solve(
        [channel],
        specs,
        gateway=gateway,
        platforms=[rattler.Subdir.current(), "noarch"],
        virtual_packages=rattler.VirtualPackage.detect(),
    )
    await rattler.install(
        records, prefix, cache_dir=Path(os.environ["LOCAL_CHANNEL"] + "-packages"), show_progress=False
    )
    (prefix / "conda-meta" / "history").touch()
    for listed in (line["pip"] for line in environment["dependencies"] if isinstance(line, dict)):
        subprocess.run([prefix / "bin" / "python", "-m", "pip", "install", "--quiet", *listed], check=True)


if __name__ == "__main__":
    main()
    # rattler's threads may outlive the interpreter, which then crashes when all is done.
    os._exit(0)
