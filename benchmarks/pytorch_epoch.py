"""One epoch of a rendered project's network beside the same epoch written by hand in PyTorch."""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time

import numpy as np
import torch
from numpy.typing import NDArray

ROWS, COLUMNS, CLASSES = 20_000, 20, 3
EPOCHS, BATCH, ROUNDS = 5, 64, 5


def main(package: str) -> None:
    """Print the median ratio over some rounds, each of them in turn."""
    network = importlib.import_module(f"{package}.training.model").FeedForward
    random = np.random.default_rng(0)
    features = random.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    labels = (features @ random.normal(size=(COLUMNS, CLASSES))).argmax(axis=1)
    settings = {"layers": 2, "width": 64, "epochs": EPOCHS, "patience": EPOCHS, "batch_size": BATCH}

    def rendered() -> None:
        network(**settings).fit(features, labels)

    def by_hand() -> None:
        train_by_hand(network(**settings).build((COLUMNS,), CLASSES), features, labels)

    rendered()
    by_hand()
    pairs = [(seconds(rendered), seconds(by_hand)) for _ in range(ROUNDS)]
    print(json.dumps({"ratio": statistics.median(one / other for one, other in pairs)}))


def seconds(action: object) -> float:
    """Return how long one call takes."""
    assert callable(action)
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def train_by_hand(module: torch.nn.Module, features: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
    """Train as a tutorial would: a random tenth held out, shuffled batches, Adam, the loss of both parts each epoch."""
    order = torch.randperm(ROWS)
    inputs, targets = torch.from_numpy(features), torch.from_numpy(labels)
    held_out, learned = order[: ROWS // 10], order[ROWS // 10 :]
    loss_of = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    for _ in range(EPOCHS):
        module.train()
        train_loss = 0.0
        for batch in torch.split(learned[torch.randperm(len(learned))], BATCH):
            optimizer.zero_grad()
            loss = loss_of(module(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
            train_loss += loss.item() * len(batch)
        module.eval()
        with torch.no_grad():
            for batch in torch.split(held_out, BATCH):
                loss_of(module(inputs[batch]), targets[batch]).item()


main(sys.argv[1])
