"""`python -m edge_cifar.edge` is the same as `edge-cifar`."""

from .cli import main

main()
