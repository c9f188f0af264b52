"""Challengers for the models in use: fitted, measured on what came later, kept."""
