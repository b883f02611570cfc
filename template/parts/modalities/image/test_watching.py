"""Images that are darker, brighter or flatter than all that training has seen are found, and others are not."""

import numpy as np

from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.encoder import read_pixels
from acme_ml.inference.reference import Reference
from acme_ml.service.watching import WATCHED, Watch
from acme_ml.training.train import Run


def test_images_of_another_brightness_are_found(trained: tuple[Config, Run]) -> None:
    config, run = trained
    schema = load_bundle(run.bundle).schema
    watch = Watch(schema, Reference.read(run.bundle))
    seen = read_pixels(load(config).train.features, schema)
    usual = {(name, "usual"): len(seen) for name in WATCHED}
    assert dict(watch.find([watch.note(list(seen), {})])) == usual
    rows = [np.zeros_like(seen[0]), np.full_like(seen[0], 255), np.full_like(seen[0], 254)]
    found = {("brightness", "below"): 1, ("brightness", "above"): 2, ("contrast", "below"): 3}
    assert dict(watch.find([watch.note(rows[:1], {}), watch.note(rows[1:], {})])) == found
    assert dict(Watch(schema, None).find([watch.note(rows, {})])) == {(name, "usual"): 3 for name in WATCHED}
