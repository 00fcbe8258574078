"""Photos over HTTP: the server of `edge-cifar serve`. Needs the extra [serve]."""

__all__ = []
