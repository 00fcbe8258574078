"""`edge-cifar serve` under load and under attack, as a process of its own on a loopback port."""

__all__: list[str] = []
