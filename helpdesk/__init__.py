"""Signpost: a helpdesk and question-and-answer community for the members of an industry code."""
