#!/usr/bin/env python3
"""Updates per second of PyTorch on the word model of the table: embedding 128, LSTM 256 -> 256, head of the vocabulary.

Usage: python3 -m tools.accuracy.speed_torch VOCABULARY STREAMS STEPS THREADS UPDATES    prints JSON; the batch is random words
"""

import json
import sys
import time

import torch


class WordModel(torch.nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, 128)
        self.lstm = torch.nn.LSTM(128, 256, num_layers=2)
        self.head = torch.nn.Linear(256, vocabulary)

    def forward(self, words, state):
        h, state = self.lstm(self.embedding(words), state)
        return self.head(h), state


def main():
    vocabulary, streams, steps, threads, updates = map(int, sys.argv[1:6])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = WordModel(vocabulary)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = torch.nn.CrossEntropyLoss()
    words = torch.randint(vocabulary, (steps + 1, streams))
    state = None
    started = processor_started = 0.0
    for update in range(updates + 1):
        if update == 1:  # the first one warms up
            started, processor_started = time.perf_counter(), time.process_time()
        optimiser.zero_grad()
        outputs, state = model(words[:-1], state)
        state = tuple(part.detach() for part in state)
        loss_of(outputs.reshape(-1, vocabulary), words[1:].reshape(-1)).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    seconds = time.perf_counter() - started
    processor_seconds = time.process_time() - processor_started
    print(json.dumps({"updates_per_second": updates / seconds,
                      "updates_per_processor_second": updates / processor_seconds, "torch": torch.__version__,
                      "parameters": sum(part.numel() for part in model.parameters())}))


if __name__ == "__main__":
    main()
