"""Measures the parts on known answers, with the classes that the product runs."""
