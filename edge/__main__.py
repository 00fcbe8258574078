"""`python -m edge_cifar.edge` is the same as `edge-cifar`."""

from .cli.main import main

main()
