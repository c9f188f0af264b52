"""Bringing a Stack Exchange community in: files to rows, rows over what was imported before."""
