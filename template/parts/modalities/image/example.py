"""The example: handwritten digits as a folder of images, as one's own would be."""

import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_digits

# The brightest ink; paper is 0.
BRIGHTEST = 16


def write_example(path: Path) -> None:
    """Write 1,797 digits of 8 x 8 grey pixels to `path`/<label>/<number>.png, all of them or none."""
    digits = load_digits()
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=path.parent))
    try:
        for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
            folder = staging / str(label)
            folder.mkdir(exist_ok=True)
            pixels = np.round(image * 255 / BRIGHTEST).astype(np.uint8)
            (folder / f"{number:04}.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
        staging.chmod(0o755)
        if path.is_dir():
            path.rmdir()
        staging.rename(path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
