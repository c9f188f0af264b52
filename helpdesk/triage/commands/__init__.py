"""Commands of triage: indexes, models, evaluation and benchmarks."""
