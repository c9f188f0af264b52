"""The Flask tool-kit that every domain's pages share."""
