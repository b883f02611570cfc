"""Start-up and memory of a folder of 50,000 images, measured inside a rendered project: `python folder.py PACKAGE`."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

FEW, MANY = 5_000, 50_000
LABELS = 10
SIDE = 64
BATCH = 32


def main(package: str) -> None:
    """Print the figures as JSON; each folder is read by a process of its own, as memory is not given back."""
    with tempfile.TemporaryDirectory() as place:
        few, many = (run(package, write_folder(Path(place) / str(count), count)) for count in (FEW, MANY))
    print(
        json.dumps(
            {
                "files": MANY,
                "startup_seconds": many["load"],
                "startup_read_share": many["read"],
                "epoch_seconds": many["epoch"],
                "startup_growth_mb": many["after_load"] - few["after_load"],
                "epoch_growth_mb": many["after_epoch"] - few["after_epoch"],
            }
        )
    )


def run(package: str, folder: Path) -> dict[str, float]:
    """Return what another process measures on the folder."""
    command = [sys.executable, __file__, package, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "src"})
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def write_folder(folder: Path, count: int) -> Path:
    """Write so many photos of noise, with a folder for each label, beside the project's settings."""
    rng = np.random.default_rng(0)
    noise = cv2.resize(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    for number in range(count):
        path = folder / "data" / "raw" / str(number % LABELS) / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".jpg", np.roll(noise, number, axis=1))[1].tobytes())
    return folder


def measure(package: str, folder: Path) -> dict[str, float]:
    """Load the folder, and read all its training images in batches, in random order."""
    names = ("config", "data.load", "data.pixels")
    config, data, pixels = (importlib.import_module(f"{package}.{name}") for name in names)
    settings = config.load_config(Path("params.yaml"))
    source = settings.data.model_copy(update={"size": (SIDE, SIDE), "colour": "rgb"})
    settings = settings.model_copy(update={"root": folder, "data": source})
    bytes_before, started = bytes_read(), time.perf_counter()
    dataset = data.load(settings)
    loaded, seconds = bytes_read() - bytes_before, time.perf_counter() - started
    after_load = peak_memory()
    started = time.perf_counter()
    read_epoch(pixels.ReadImages((SIDE, SIDE), "rgb").transform(dataset.train.features))
    size = sum(path.stat().st_size for path in folder.rglob("*.jpg"))
    return {
        "load": seconds,
        "read": loaded / size,
        "after_load": after_load,
        "epoch": time.perf_counter() - started,
        "after_epoch": peak_memory(),
    }


def read_epoch(images: Any) -> None:
    """Read every image once, some at a time."""
    order = np.random.default_rng(0).permutation(len(images))
    for start in range(0, len(order), BATCH):
        images[order[start : start + BATCH]]


def bytes_read() -> int:
    """Return how many bytes this process has read from files, as Linux counts them."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["rchar"])


def peak_memory() -> float:
    """Return the most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if len(sys.argv) > 2:
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
else:
    main(sys.argv[1])
