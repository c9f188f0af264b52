"""Pages about several domains at once: home, asking, search, and the administrator's own pages."""
