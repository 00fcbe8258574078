"""Somebody else's nets, as several exporters write them, through `export`: what becomes of each."""

__all__: list[str] = []
