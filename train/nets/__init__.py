"""Nets as data, and as torch modules with their first weights."""
