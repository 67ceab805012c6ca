"""Thin handlers, one module per resource."""
