"""Trains the digits network: python train.py OUT.pt [--epochs 40]

Deterministic for one version of PyTorch (fixed seed, one thread); about half a
minute. Needs torch and scikit-learn; nothing that pdq itself needs.
"""

import argparse

import torch
from torch.nn import functional

from network import SEED, accuracy, build_network, load_data


def shifted(images, generator):
    """Each image moved by at most one pixel in both directions."""
    padded = functional.pad(images, (1, 1, 1, 1))
    offsets = torch.randint(0, 3, (len(images), 2), generator=generator).tolist()
    return torch.stack([p[:, y : y + 8, x : x + 8] for p, (y, x) in zip(padded, offsets)])


def train(images, labels, epochs, batch=64):
    generator = torch.Generator().manual_seed(SEED)
    network = build_network().train()
    steps = epochs * (len(images) // batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(order) - batch + 1, batch):
            index = order[start : start + batch]
            logits = network(shifted(images[index], generator))
            loss = functional.cross_entropy(logits, labels[index], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--epochs", type=int, default=40)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    train_images, test_images, train_labels, test_labels = load_data()
    network = train(torch.from_numpy(train_images), torch.from_numpy(train_labels), arguments.epochs)
    torch.save(network.state_dict(), arguments.out)
    print(f"test accuracy: {accuracy(network, test_images, test_labels):.2f} %")


if __name__ == "__main__":
    main()
