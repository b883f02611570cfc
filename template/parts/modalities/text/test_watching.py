"""Texts that are shorter or longer than all that training has seen are found, and others are not."""

from acme_ml.config import Config
from acme_ml.data.load import load
from acme_ml.inference.bundle import load_bundle
from acme_ml.inference.reference import Reference
from acme_ml.service.watching import LENGTH, Watch
from acme_ml.training.train import Run


def test_texts_of_other_lengths_are_found(trained: tuple[Config, Run]) -> None:
    config, run = trained
    schema = load_bundle(run.bundle).schema
    watch = Watch(schema, Reference.read(run.bundle))
    seen = load(config).train.features.tolist()
    usual = {(LENGTH, "usual"): len(seen), (schema.text, "usual"): len(seen)}
    assert dict(watch.find([watch.note([{schema.text: text} for text in seen], {})])) == usual
    rows = [{schema.text: text} for text in ("a", max(seen, key=len) + " and", max(seen, key=len) + " more")]
    assert dict(watch.find([watch.note(rows[:1], {}), watch.note(rows[1:], {})])) == {
        (LENGTH, "below"): 1,
        (LENGTH, "above"): 2,
        (schema.text, "usual"): 3,
    }
    usual = {(LENGTH, "usual"): 3, (schema.text, "usual"): 3}
    assert dict(Watch(schema, None).find([watch.note(rows, {})])) == usual
