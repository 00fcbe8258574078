"""`python -m edge_cifar.train`: `edge-cifar train`, in the form that `torchrun` starts."""

import sys

from ..edge.cli.main import main

sys.argv.insert(1, "train")
main()
