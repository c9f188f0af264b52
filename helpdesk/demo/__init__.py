"""The demonstration: invented organisations, people, content and enquiries."""
