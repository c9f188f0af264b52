"""Language parts: pure, composed, deterministic; no Flask and no database."""
