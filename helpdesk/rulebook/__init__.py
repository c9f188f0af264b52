"""The digital regulatory code: documents, dated versions, clauses, citations and defined terms."""
