"""One epoch of a rendered project's network beside the same epoch written by hand in TensorFlow."""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

ROWS, COLUMNS, CLASSES = 20_000, 20, 3
EPOCHS, BATCH, ROUNDS = 5, 64, 5


def main(package: str) -> None:
    """Print the median ratio over some rounds, each of them in turn."""
    network = importlib.import_module(f"{package}.training.model").FeedForward
    random = np.random.default_rng(0)
    features = random.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    labels = (features @ random.normal(size=(COLUMNS, CLASSES))).argmax(axis=1)
    settings = {"layers": 2, "width": 64, "patience": 1_000, "batch_size": BATCH}

    # Both trace their functions once in every fit: the difference of two fits is what the epochs between them take.
    def rendered(epochs: int) -> None:
        network(**settings, epochs=epochs).fit(features, labels)

    def by_hand(epochs: int) -> None:
        train_by_hand(network(**settings).build((COLUMNS,), CLASSES), features, labels, epochs)

    ratios = []
    for _ in range(ROUNDS):
        one = seconds(rendered, 1 + EPOCHS) - seconds(rendered, 1)
        other = seconds(by_hand, 1 + EPOCHS) - seconds(by_hand, 1)
        ratios.append(one / other)
    print(json.dumps({"ratio": statistics.median(ratios)}))


def seconds(train: object, epochs: int) -> float:
    """Return how long so many epochs take."""
    assert callable(train)
    started = time.perf_counter()
    train(epochs)
    return time.perf_counter() - started


def train_by_hand(model: keras.Model, features: NDArray[np.float32], labels: NDArray[np.int64], epochs: int) -> None:
    """Train as a tutorial would: a random tenth held out, tf.data, Adam, the loss of both parts each epoch."""
    order = np.random.default_rng(0).permutation(ROWS)
    held_out, learned = order[: ROWS // 10], order[ROWS // 10 :]
    train = tf.data.Dataset.from_tensor_slices((features[learned], labels[learned]))
    train = train.shuffle(len(learned)).batch(BATCH).prefetch(tf.data.AUTOTUNE)
    valid = tf.data.Dataset.from_tensor_slices((features[held_out], labels[held_out])).batch(BATCH)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(1e-3)

    def learn(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(targets, model(inputs, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    def check(inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        return loss_of(targets, model(inputs, training=False))

    compiled_learn, compiled_check = tf.function(learn), tf.function(check)
    for _ in range(epochs):
        float(sum(compiled_learn(inputs, targets) for inputs, targets in train))
        float(sum(compiled_check(inputs, targets) for inputs, targets in valid))


main(sys.argv[1])
